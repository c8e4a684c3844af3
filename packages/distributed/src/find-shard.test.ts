import { describe, expect, it } from 'vitest';
import { findShard, shardRange } from './find-shard.ts';

const array = (id: number, [min, max, step, count]: readonly number[]) => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_MAX: String(max),
  SLURM_ARRAY_TASK_STEP: String(step),
  SLURM_ARRAY_TASK_COUNT: String(count),
});
const ranks = { SLURM_STEP_NUM_TASKS: '4', SLURM_PROCID: '3' };
const found = (environment: Record<string, string>, count?: number) => {
  const { index, count: all } = findShard('auto', { environment, count });
  return `${index}/${all}`;
};

describe('findShard', () => {
  it('reads a part that is given, whatever the environment says', () => {
    expect(findShard('0/1')).toMatchObject({ index: 0, count: 1 });
    expect(findShard('15/16', { environment: array(0, [0, 3, 1, 4]), count: 16 })).toMatchObject({ index: 15, count: 16 });
  });

  it.each(['5/4', '4/4'])('refuses %s and says how parts are numbered', (text) => {
    expect(() => findShard(text)).toThrow(`parts are numbered from 0, so those of 4 are 0/4 to 3/4, got ${text}`);
  });

  it.each(['', '3', '-1/4', '1/0', '1.5/4', 'Auto', '0x1/4', '1/4/2'])('refuses %o', (text) => {
    expect(() => findShard(text)).toThrow(/`shard` must be auto, or the number of the part and how many there are, such as 0\/16, got/);
  });

  it.each([
    [array(3, [0, 15, 1, 16]), '3/16'],
    [array(1, [1, 16, 1, 16]), '0/16'],
    [array(5, [1, 7, 2, 4]), '2/4'],
    [array(9, [1, 10, 4, 3]), '2/3'],
    [{ SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_MIN: '2', SLURM_ARRAY_TASK_MAX: '3' }, '0/2'],
    [{ JOB_COMPLETION_INDEX: '7', SELFSUP_SHARDS: '8' }, '7/8'],
    [ranks, '3/4'],
    [{ OMPI_COMM_WORLD_SIZE: '2', OMPI_COMM_WORLD_RANK: '1' }, '1/2'],
    // before a launcher comes the array, and each of its ranks has a part
    [{ ...array(1, [0, 1, 1, 2]), ...ranks }, '7/8'],
    [{ JOB_COMPLETION_INDEX: '1', SELFSUP_SHARDS: '8', ...ranks }, '7/8'],
    [{ ...array(1, [0, 1, 1, 2]), JOB_COMPLETION_INDEX: '0', SELFSUP_SHARDS: '' }, '1/2'],
  ])('auto reads %j', (environment, expected) => {
    expect(found(environment)).toBe(expected);
  });

  it('takes the number of a task as that of its part where it is told how many there are', () => {
    expect(found(array(7, [7, 7, 1, 1]), 16)).toBe('7/16');
    expect(found(array(7, [3, 7, 1, 2]), 16)).toBe('7/16');
    expect(() => found(array(16, [1, 16, 1, 16]), 16)).toThrow('SLURM_ARRAY_TASK_ID is 16; use --array=0-15');
    expect(() => found({ JOB_COMPLETION_INDEX: '8' }, 8)).toThrow('`shards` says that there are 8 parts');
  });

  it('refuses what does not say which part it is', () => {
    const nothing = { SLURM_NTASKS: '8', SLURM_PROCID: '0' };
    expect(() => found(nothing)).toThrow(
      /none of SLURM_ARRAY_TASK_ID.* JOB_COMPLETION_INDEX.* OMPI_COMM_WORLD_RANK.*; say it, such as 0\/16/,
    );
    expect(() => found(array(7, [3, 7, 1, 2]))).toThrow(/the 2 tasks of the array of Slurm are not all of 3-7 .*; say it with `shards`/);
    expect(() => found({ SLURM_ARRAY_TASK_ID: '1' })).toThrow('SLURM_ARRAY_TASK_MIN and SLURM_ARRAY_TASK_MAX are missing');
    expect(() => found({ JOB_COMPLETION_INDEX: '0' })).toThrow(
      "give the Job's `completions` as `shards`, or as the variable SELFSUP_SHARDS",
    );
    expect(() => found({ ...ranks, SELFSUP_SHARDS: '8' })).toThrow('srun of Slurm started 4 ranks');
    expect(() => found({ JOB_COMPLETION_INDEX: '0', ...ranks }, 6)).toThrow('must be a multiple of the 4 ranks');
    expect(() => found({ JOB_COMPLETION_INDEX: '0' }, 0)).toThrow('`shards` must be an integer from 1 to 999,999,999, got 0');
    expect(() => found({ JOB_COMPLETION_INDEX: '0', SELFSUP_SHARDS: 'x' })).toThrow('the variable SELFSUP_SHARDS must be an integer');
    expect(() => found({ SLURM_ARRAY_TASK_ID: '%a' }, 4)).toThrow("SLURM_ARRAY_TASK_ID must be an integer from 0 to 999,999,999, got '%a'");
    expect(() => found({ JOB_COMPLETION_INDEX: '-1' }, 4)).toThrow(
      "JOB_COMPLETION_INDEX must be an integer from 0 to 999,999,999, got '-1'",
    );
    expect(() => findShard('0/4', { count: 8 })).toThrow('leave `shards` out');
  });
});

describe('shardRange', () => {
  it.each([0, 1, 7, 64, 1e15])('gives each of %d things to one part, and none more than one above another', (length) => {
    for (const count of [1, 3, 16]) {
      const shares = Array.from({ length: count }, (_, index) => shardRange(length, { index, count }));
      expect(shares[0]![0]).toBe(0);
      expect(shares.at(-1)![1]).toBe(length);
      for (const [i, [first]] of shares.entries()) if (i > 0) expect(first).toBe(shares[i - 1]![1]);
      const sizes = shares.map(([first, end]) => end - first);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });
});
