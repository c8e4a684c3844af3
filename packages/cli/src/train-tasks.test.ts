import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNpy } from '@selfsup/data/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { runEmbed } from './commands/run-embed.ts';
import { runEvaluateKnn } from './commands/run-evaluate-knn.ts';
import { runReport } from './commands/run-report.ts';
import { runTrain } from './commands/run-train.ts';
import type { RunConfig } from './options/define-run.ts';
import { createJsonOutput } from './output/json-output.ts';
import { writeVideos } from '../fixtures/write-videos.ts';
import { tasks } from './registry-tasks.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-tasks-'));
const videos = join(root, 'videos');

beforeAll(async () => {
  await writeVideos(join(videos, 'train'), { perClass: 8 });
  await writeVideos(join(videos, 'test'), { perClass: 4 });
});

/** An encoder that takes no time, of those that fit a task. */
function tiny(task: string): RunConfig {
  const [encoder = 'conv-net'] = tasks.get(task).encoders ?? [];
  const encoderOptions = encoder.startsWith('vit-') ? { numLayers: 1, width: 8, numHeads: 2 } : { widths: [4, 8] };
  const data = 'clips' in tasks.get(task).input ? videos : 'shapes';
  return { data, task, encoder, encoderOptions, headOutput: 8, limit: 16, testLimit: 8, imageSize: 16, backend: 'wasm' };
}

/** The JSON lines of a command. */
async function events(command: (output: ReturnType<typeof createJsonOutput>) => Promise<number>): Promise<Record<string, unknown>[]> {
  let text = '';
  const stdout = { write: (part: string) => (text += part) };
  expect(await command(createJsonOutput({ stdout, stderr: { write: () => 0 } }))).toBe(0);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const train = (flags: RunConfig) => events((output) => runTrain(flags, { configFile: undefined, output }));
const sums = (out: string) =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; step: number; loss?: number })
    .filter(({ type }) => type === 'step')
    .map(({ step, loss }) => [step, loss]);

describe.each(tasks.names)('selfsup train --task %s', (task) => {
  it('trains, resumes to the same losses, and its encoder is evaluated and embeds', async () => {
    const [whole, parts, file] = [join(root, `${task}-whole`), join(root, `${task}-parts`), join(root, `${task}.npy`)];
    const flags: RunConfig = { ...tiny(task), epochs: 1, batchSize: 8, knnEvery: 0, report: false };
    const result = (await train({ ...flags, out: whole })).at(-1)!;
    expect(result).toMatchObject({ task, steps: 2, trainImages: 16 });
    expect(Number.isFinite(result['loss'])).toBe(true);
    expect(result['knnTrained']).toBeGreaterThanOrEqual(0);

    expect((await train({ ...flags, out: parts, maxSeconds: 1e-6 })).at(-1)).toMatchObject({ steps: 1, stoppedBy: 'time' });
    expect((await train({ resume: true, out: parts, backend: 'wasm', report: false })).at(-1)).toMatchObject({ steps: 2 });
    expect(sums(parts)).toEqual(sums(whole));

    const knn = (await events((output) => runEvaluateKnn({ run: parts, backend: 'wasm' }, output))).at(-1)!;
    expect(knn['knnTrained']).toBeCloseTo(Number(result['knnTrained']), 1);
    await events((output) => runEmbed({ run: parts, out: file, split: 'test', backend: 'wasm' }, output));
    expect((await readNpy(file)).shape).toEqual([8, 8]);
  });
});

describe('a Vision Transformer on parts of images, of whole patches', () => {
  it.each([
    ['dino', { recipe: 'dino/imagenet' }],
    ['swav', { recipe: 'swav/imagenet' }],
    ['jigsaw', {}],
    ['relative-patch', {}],
  ] as const)('trains %s %j', async (task, recipe) => {
    const encoder: RunConfig = { encoder: 'vit-tiny', encoderOptions: { numLayers: 1, width: 8, numHeads: 2 }, imageSize: 32 };
    const flags: RunConfig = { ...tiny('simclr'), task, ...encoder, ...recipe };
    const result = (await train({ ...flags, epochs: 1, batchSize: 8, knnEvery: 0, report: false, out: join(root, `${task}-vit`) })).at(-1)!;
    expect(result).toMatchObject({ task, steps: 2 });
    expect(Number.isFinite(result['loss'])).toBe(true);
    expect(result['knnTrained']).toBeGreaterThanOrEqual(0);
  });
});

it('writes the report of a run of masked images', async () => {
  const out = join(root, 'report');
  await train({ ...tiny('mae'), epochs: 1, batchSize: 8, knnEvery: 0, report: false, out });
  await events((output) => runReport({ run: out, backend: 'wasm' }, output));
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('mae');
});

it('refuses a projection head for a task that has none', async () => {
  const config = join(root, 'head.config.ts');
  writeFileSync(config, 'export default { projectionHead: () => () => ({}) };\n');
  const flags: RunConfig = { ...tiny('rotation'), epochs: 1, batchSize: 8, out: join(root, 'head') };
  await expect(events((output) => runTrain(flags, { configFile: config, output }))).rejects.toThrow(
    '--task rotation has no projection head',
  );
});

it('lets a config build the optimizer, unless --optimizer names one', async () => {
  const config = join(root, 'optimizer.config.ts');
  writeFileSync(config, "export default { optimizer: () => { throw new Error('built by the config'); } };\n");
  const flags: RunConfig = { ...tiny('simclr'), epochs: 1, batchSize: 8, knnEvery: 0, report: false, out: join(root, 'optimizer') };
  const trainWith = (given: RunConfig) => events((output) => runTrain(given, { configFile: config, output }));
  await expect(trainWith(flags)).rejects.toThrow('built by the config');
  expect((await trainWith({ ...flags, optimizer: 'lars' })).at(-1)).toMatchObject({ steps: 2 });
});
