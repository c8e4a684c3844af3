import { SelfsupError } from '../error.ts';
import { valueAt, type ScalarOrSchedule, type Schedule } from './schedule.ts';

/** Options of {@link join}. */
export interface JoinOptions {
  /** The first step of each schedule but the first, increasing. */
  boundaries: readonly number[];
  /** True (default): a schedule counts from its own boundary, as in optax. False: every schedule sees the run's step. */
  relative?: boolean;
}

/**
 * Runs schedules one after another: the i-th from `boundaries[i − 1]` (inclusive) to `boundaries[i]` (exclusive).
 *
 * @param schedules constants or schedules, one more than boundaries
 * @param options see {@link JoinOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` when the counts do not fit or the boundaries do not increase
 * @example
 * ```ts
 * import { cosine, join, linearWarmup } from '@selfsup/core';
 * const rate = join([linearWarmup({ to: 0.1, steps: 10 }), cosine({ initial: 0.1, steps: 90 })], { boundaries: [10] });
 * console.log(rate(0), rate(10), rate(100)); // 0, 0.1, 0
 * ```
 */
export function join(schedules: readonly ScalarOrSchedule[], options: JoinOptions): Schedule {
  const { boundaries, relative = true } = options;
  if (schedules.length !== boundaries.length + 1)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `join: expected ${schedules.length - 1} \`boundaries\` for ${schedules.length} schedules, got ${boundaries.length}`,
    );
  if (boundaries.some((boundary, i) => boundary <= (boundaries[i - 1] ?? -Infinity)))
    throw new SelfsupError('SELFSUP_OPTION', `join: \`boundaries\` must increase, got [${boundaries.join(', ')}]`);
  return (step) => {
    const index = boundaries.filter((boundary) => step >= boundary).length;
    return valueAt(schedules[index]!, relative && index > 0 ? step - boundaries[index - 1]! : step);
  };
}
