import { SelfsupError } from '../error.ts';
import type { Schedule } from './schedule.ts';

/** Options of {@link linearDecay}. */
export interface LinearDecayOptions {
  /** The value at step 0. */
  initial: number;
  /** The value from step `steps` on; default 0. */
  final?: number;
  /** How many steps the way takes; an integer ≥ 1. */
  steps: number;
}

/**
 * A straight line from `initial` at step 0 to `final` at step `steps`, constant afterwards.
 *
 * @param options see {@link LinearDecayOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` when `steps` is no integer ≥ 1
 * @see Devlin et al.: "BERT", appendix A.2, https://arxiv.org/abs/1810.04805
 * @remarks With a warm-up of W steps in a run of T there are two conventions. google-research/bert counts the decay from the run's first step, so the rate
 * drops a little where the warm-up ends: `{ boundaries: [W], relative: false }` and `steps: T`. Hugging Face's `get_linear_schedule_with_warmup` counts from
 * there: `{ boundaries: [W] }` and `steps: T - W`.
 * @example
 * ```ts
 * import { join, linearDecay, linearWarmup } from '@selfsup/core';
 * const bert = join([linearWarmup({ to: 1e-4, steps: 10 }), linearDecay({ initial: 1e-4, steps: 100 })], { boundaries: [10], relative: false });
 * console.log(bert(0), bert(10), bert(100)); // 0, 0.00009, 0
 * ```
 */
export function linearDecay(options: LinearDecayOptions): Schedule {
  const { initial, final = 0, steps } = options;
  if (!Number.isInteger(steps) || steps < 1)
    throw new SelfsupError('SELFSUP_OPTION', `linearDecay: \`steps\` must be an integer >= 1, got ${steps}`);
  return (step) => final + (initial - final) * (1 - Math.min(Math.max(step, 0), steps) / steps);
}
