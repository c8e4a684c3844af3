// `npm run bench:ranks`: a training step of one rank with one thread, and of several ranks that share its batch, by turns in one run, with what arithmetic alone gains
// beside it; and PyTorch's DistributedDataParallel on as many processes in the same sitting.
//   --engine threads|mpi   --ranks N (2)   --task simclr|mlm   --batch N (64; 32 sequences)   --steps N (7, median)
//   --synchronize: batch normalization over all ranks   --compression bf16|fp16   --python PATH: PyTorch beside it, SimCLR only
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runThreads } from '@selfsup/distributed';
import type { RankSteps, RankTimes } from './rank-steps.ts';
import { spinCeiling } from './spin-ceiling.ts';

const { values: flags } = parseArgs({
  options: {
    engine: { type: 'string', default: 'threads' },
    ranks: { type: 'string', default: '2' },
    task: { type: 'string', default: 'simclr' },
    batch: { type: 'string' },
    steps: { type: 'string', default: '7' },
    synchronize: { type: 'boolean', default: false },
    compression: { type: 'string' },
    python: { type: 'string' },
  },
});
const ranks = Number(flags.ranks);
const batch = Number(flags.batch ?? (flags.task === 'mlm' ? 32 : 64));
const given: RankSteps = {
  task: flags.task as RankSteps['task'],
  batch,
  steps: Number(flags.steps),
  synchronize: flags.synchronize,
  ...(flags.compression !== undefined && { compression: flags.compression as 'bf16' }),
};
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

async function byThreads(): Promise<RankTimes> {
  let times: RankTimes | undefined;
  const onMessage = (message: unknown) => (times = message as RankTimes);
  await runThreads({ script: new URL('rank-steps.ts', import.meta.url), worldSize: ranks, data: given, onMessage });
  return times!;
}

function byMpi(): RankTimes {
  const folder = mkdtempSync(join(tmpdir(), 'selfsup-bench-ranks-'));
  try {
    const file = join(folder, 'times.json');
    const program = fileURLToPath(new URL('rank-steps.ts', import.meta.url));
    const env = {
      ...process.env,
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      OMPI_MCA_hwloc_base_binding_policy: 'none',
    };
    const rank = [process.execPath, '--conditions=@selfsup/source', program, JSON.stringify({ ...given, file })];
    execFileSync('mpirun', ['-n', `${ranks}`, ...rank], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    return JSON.parse(readFileSync(file, 'utf8')) as RankTimes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const before = await spinCeiling(ranks);
const { description, alone, together } = flags.engine === 'mpi' ? byMpi() : await byThreads();
const ceiling = (before + (await spinCeiling(ranks))) / 2;
const gains = alone.map((time, i) => time / together[i]!);
const perSecond = (times: readonly number[]) => ((batch * 1000) / median(times)).toFixed(2);
const unit = flags.task === 'mlm' ? 'sequences' : 'images';
console.log(`${description}, ${ranks} ranks by ${flags.engine}${flags.synchronize ? ', synchronized normalization' : ''}${flags.compression ? `, gradients in ${flags.compression}` : ''}`); // prettier-ignore
console.log(`one rank ${(median(alone) / 1000).toFixed(3)} s (${perSecond(alone)} ${unit}/s), together ${(median(together) / 1000).toFixed(3)} s (${perSecond(together)} ${unit}/s), medians of ${alone.length} pairs`); // prettier-ignore
console.log(
  `gain ${median(gains).toFixed(2)} (${Math.min(...gains).toFixed(2)} to ${Math.max(...gains).toFixed(2)}); arithmetic alone gains ${ceiling.toFixed(2)}`,
);
if (flags.python !== undefined && flags.task === 'simclr') {
  const peer = fileURLToPath(new URL('../peers/torch_ddp.py', import.meta.url));
  const printed = execFileSync(flags.python, [peer, `${ranks}`, `${batch}`, flags.steps], {
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const rate = Number(/([\d.]+) images\/s/.exec(printed)?.[1]);
  console.log(printed.trim());
  console.log(`to PyTorch: ${(Number(perSecond(together)) / rate).toFixed(2)}`);
}
