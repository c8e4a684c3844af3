// `npm run bench:tasks`: every task on images for the same CPU time, each with its own defaults, and what its encoder is worth at the last step.
//   --data FOLDER: a folder with data_batch_1.bin and test_batch.bin, in the layout of CIFAR-10
//   --minutes N: CPU minutes of training for each (default 10)  --tasks a,b (default all on images)  --seeds 0,1,2 (default 0)
//   --results FILE (default docs/results/tasks.json): rows that are there are not measured again; the file is written after each
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { imageTasks, patchEncoderNames } from '@selfsup/pretrain';
import type { Order, Row } from './train-task.ts';

const root = join(import.meta.dirname, '../../..');
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    tasks: { type: 'string' },
    seeds: { type: 'string', default: '0' },
    results: { type: 'string', default: join(root, 'docs/results/tasks.json') },
  },
});
const fail = (message: string): never => {
  console.error(`bench:tasks: ${message}`);
  process.exit(1);
};
const data = flags.data ?? fail('--data must name a folder with data_batch_1.bin and test_batch.bin');
const minutes = Number(flags.minutes);
if (!(minutes > 0)) fail(`--minutes must be a number > 0, got ${flags.minutes}`);

/** A row with the day it was measured on. */
type Kept = Row & { readonly minutes: number; readonly day: string };

/** Small, so that a step costs about as much as one of conv-net. */
const smallVit = { encoder: 'vit-tiny', encoderOptions: { numLayers: 4, width: 96, numHeads: 3 } };
/** Tasks that need another trained encoder, or labels that a user would have to give, are measured elsewhere. */
const elsewhere = ['distillation'];

const names = imageTasks.map(({ name }) => name).filter((name) => !elsewhere.includes(name));
const wanted = flags.tasks?.split(',') ?? names;
for (const name of wanted) if (!names.includes(name)) fail(`--tasks: there is no task ${name} on images`);
const seeds = flags.seeds.split(',').map(Number);

const rows = existsSync(flags.results) ? (JSON.parse(readFileSync(flags.results, 'utf8')) as Kept[]) : [];
const same = (row: Kept, other: { task: string; seed: number; minutes: number }): boolean =>
  row.task === other.task && row.seed === other.seed && row.minutes === other.minutes;

/** Measures one, unless it is there. */
function measure(order: Order, as: { task: string; seed: number; minutes: number }): void {
  if (rows.some((row) => same(row, as))) return;
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@selfsup/source', join(import.meta.dirname, 'train-task.ts'), JSON.stringify(order)],
    { encoding: 'utf8' },
  );
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status !== 0 || !line.startsWith('{')) {
    console.error(`${as.task}, seed ${as.seed}: failed\n${stderr.slice(-2000)}`);
    process.exitCode = 1;
    return;
  }
  rows.push({ ...(JSON.parse(line) as Row), ...as, day: new Date().toISOString().slice(0, 10) });
  writeFileSync(flags.results, `${JSON.stringify(rows, null, 2)}\n`);
  const { knn, linear, cpuMinutes, epochs } = rows.at(-1)!;
  console.log(
    `${as.task}, seed ${as.seed}: kNN ${knn.toFixed(1)}, linear ${linear.toFixed(1)}, ${epochs} epochs in ${cpuMinutes.toFixed(1)} CPU minutes`,
  );
}

/** What a task is trained with: conv-net where it can be, else a small Vision Transformer. */
function encoderOf(name: string): { encoder: string; encoderOptions?: Record<string, unknown> } {
  const encoders = imageTasks.find((task) => task.name === name)!.encoders;
  return encoders?.every((encoder) => patchEncoderNames.includes(encoder)) ? smallVit : { encoder: 'conv-net' };
}

/** The networks before training, each as its tasks read it. */
const starts = [
  { label: 'conv-net', task: 'simclr', encoder: 'conv-net' },
  { label: 'vit-tiny', task: 'simclr', ...smallVit },
  { label: 'vit-tiny (mean of patches)', task: 'sim-mim', ...smallVit },
];
for (const { label, ...config } of starts)
  for (const seed of seeds) measure({ data, config: { ...config, seed }, minutes: 0 }, { task: `untrained ${label}`, seed, minutes: 0 });
for (const seed of seeds)
  for (const task of wanted) measure({ data, config: { task, seed, ...encoderOf(task) }, minutes }, { task, seed, minutes });
