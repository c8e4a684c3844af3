import { printable, SelfsupError } from '@selfsup/core';
import { findLauncher } from './launcher.ts';

/** One of the parts that a job without talk between its processes is divided into. */
export interface Shard {
  /** Which, from 0. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
  /** Who says so, such as `the Slurm array`; absent where it was given. */
  readonly from?: string;
}

/** Options of {@link findShard}. */
export interface FindShardOptions {
  /** How many parts there are, where the environment does not say or is to be overruled: `SELFSUP_SHARDS` says the same. */
  readonly count?: number | undefined;
  /** Default that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

type Environment = NonNullable<FindShardOptions['environment']>;

const fail = (message: string): never => {
  throw new SelfsupError('SELFSUP_OPTION', `findShard: ${message}`);
};

function wholeNumber(environment: Environment, name: string): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) return fail(`\`shard\` auto: ${name} must be an integer from 0 to 999,999,999, got '${printable(text)}'`);
  return Number(text);
}

function checkCount(count: number | undefined, name: string): number | undefined {
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 1 && count <= 999_999_999))
    fail(`${name} must be an integer from 1 to 999,999,999, got ${count}`);
  return count;
}

/** `3/16`. */
function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  if (index === undefined || Number(count) === 0)
    return fail(`\`shard\` must be auto, or the number of the part and how many there are, such as 0/16, got '${printable(text)}'`);
  const shard: Shard = { index: Number(index), count: Number(count) };
  if (shard.index >= shard.count)
    fail(
      `\`shard\`: parts are numbered from 0, so those of ${shard.count} are 0/${shard.count} to ${shard.count - 1}/${shard.count}, got ${text}`,
    );
  return shard;
}

/** A Slurm array, which may begin at any number and have steps. */
function ofSlurmArray(environment: Environment, given: number | undefined): Shard | undefined {
  const [id, min, max, size, step = 1] = ['ID', 'MIN', 'MAX', 'COUNT', 'STEP'].map((end) =>
    wholeNumber(environment, `SLURM_ARRAY_TASK_${end}`),
  );
  if (id === undefined) return undefined;
  const from = 'the Slurm array';
  if (given !== undefined) {
    // the task's own number: a part that failed is sent again by --array=7
    if (id >= given)
      fail(
        `\`shards\` says that there are ${given} parts, 0 to ${given - 1}, but SLURM_ARRAY_TASK_ID is ${id}; use --array=0-${given - 1}`,
      );
    return { index: id, count: given, from };
  }
  if (min === undefined || max === undefined || step < 1)
    return fail(
      `\`shard\` auto: SLURM_ARRAY_TASK_ID is ${id}, but SLURM_ARRAY_TASK_MIN and SLURM_ARRAY_TASK_MAX are missing; say how many parts there are with \`shards\``,
    );
  const count = Math.floor((max - min) / step) + 1;
  const index = (id - min) / step;
  if (!Number.isInteger(index) || index < 0 || index >= count || (size !== undefined && size !== count))
    fail(
      `\`shard\` auto: the ${size === undefined ? '' : `${size} `}tasks of the array of Slurm are not all of ${min}-${max}${step > 1 ? `:${step}` : ''} (SLURM_ARRAY_TASK_ID is ${id}), so their numbers do not say how many parts there are; say it with \`shards\``,
    );
  return { index, count, from };
}

/** A pod of an Indexed Job; Kubernetes does not tell it how many there are. */
function ofIndexedJob(environment: Environment, given: number | undefined): Shard | undefined {
  const index = wholeNumber(environment, 'JOB_COMPLETION_INDEX');
  if (index === undefined) return undefined;
  if (given === undefined)
    return fail(
      `\`shard\` auto: JOB_COMPLETION_INDEX is ${index}, but Kubernetes does not tell a pod how many there are; give the Job's \`completions\` as \`shards\`, or as the variable SELFSUP_SHARDS in its template`,
    );
  if (index >= given)
    fail(
      `\`shard\` auto: JOB_COMPLETION_INDEX is ${index}, but \`shards\` says that there are ${given} parts; give the Job's \`completions\``,
    );
  return { index, count: given, from: 'the Indexed Job' };
}

/**
 * Which part of a job is this process's: of a job whose processes need not talk, such as embedding a large folder.
 *
 * @param shard `auto`, or the part and how many there are, such as `0/16`: parts are numbered from 0
 * @param options see {@link FindShardOptions}
 * @returns see {@link Shard}
 * @throws SelfsupError `SELFSUP_OPTION` on a part that is not there, and on `auto` where nothing in the environment says which part it is
 * @remarks `auto` reads, in this order: the array of Slurm, which may begin at any number and have steps; the index of a Kubernetes Indexed Job, with the number
 * of parts from `count` or `SELFSUP_SHARDS`; the rank of `mpirun` or `srun`. Where a task of an array or a pod starts several ranks, each has a part of its own.
 * With `count` the number of a task is the number of its part, so that single tasks can be sent again.
 * @example
 * ```ts
 * import { findShard, shardRange } from '@selfsup/distributed';
 * const environment = { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_MAX: '7', SLURM_ARRAY_TASK_STEP: '2' };
 * const shard = findShard('auto', { environment }); // index 2 of 4
 * console.log(shardRange(10, shard)); // [5, 8]
 * ```
 */
export function findShard(shard: string, options: FindShardOptions = {}): Shard {
  const { environment = process.env } = options;
  if (shard !== 'auto') {
    const found = parseShard(shard);
    if (options.count !== undefined && options.count !== found.count)
      fail(`\`shard\` says that there are ${found.count} parts, and \`shards\` ${options.count}; leave \`shards\` out`);
    return found;
  }
  const variable = environment['SELFSUP_SHARDS'];
  const given =
    checkCount(options.count, '`shards`') ??
    checkCount(variable === undefined || variable === '' ? undefined : Number(variable), 'the variable SELFSUP_SHARDS');
  const launcher = findLauncher(environment);
  const { rank = 0, worldSize = 1, name = '' } = launcher ?? {};
  const inAll = given !== undefined && given % worldSize === 0 ? given / worldSize : given; // `count` is that of all parts
  const outer = ofSlurmArray(environment, inAll) ?? ofIndexedJob(environment, inAll);
  if (outer) {
    if (given !== undefined && given % worldSize !== 0)
      fail(`\`shards\` must be a multiple of the ${worldSize} ranks that ${name} starts in each task, got ${given}`);
    const ranks = worldSize > 1 ? `, rank ${rank} of ${name}` : '';
    return { index: outer.index * worldSize + rank, count: outer.count * worldSize, from: `${outer.from!}${ranks}` };
  }
  if (!launcher)
    return fail(
      '`shard` auto found nothing that says which part this is: none of SLURM_ARRAY_TASK_ID (sbatch --array), JOB_COMPLETION_INDEX (an Indexed Job), OMPI_COMM_WORLD_RANK, PMI_RANK, MV2_COMM_WORLD_RANK (mpirun), SLURM_PROCID with SLURM_STEP_NUM_TASKS (srun) is set; say it, such as 0/16',
    );
  if (given !== undefined && given !== worldSize)
    fail(`\`shards\` says that there are ${given} parts, but ${name} started ${worldSize} ranks`);
  return { index: rank, count: worldSize, from: name };
}

/**
 * Which of a list of things are a part's: neighbors in the list, as many as those of any other part, or one more.
 *
 * @param length of the list, an integer ≥ 0
 * @param shard which part
 * @returns the first one, and the one after the last
 */
export function shardRange(length: number, { index, count }: Pick<Shard, 'index' | 'count'>): readonly [first: number, end: number] {
  const start = (i: number) => Number((BigInt(length) * BigInt(i) + BigInt(count - 1)) / BigInt(count));
  return [start(index), start(index + 1)];
}
