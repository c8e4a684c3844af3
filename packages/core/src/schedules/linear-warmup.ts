import { SelfsupError } from '../error.ts';
import type { Schedule } from './schedule.ts';

/** Options of {@link linearWarmup}. */
export interface LinearWarmupOptions {
  /** The value at step 0; default 0. */
  from?: number;
  /** The value from step `steps` on. */
  to: number;
  /** How many steps the rise takes; an integer ≥ 0 (0: constant `to`). */
  steps: number;
}

/**
 * A straight line from `from` at step 0 to `to` at step `steps`, constant afterwards.
 *
 * @param options see {@link LinearWarmupOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` when `steps` is no integer ≥ 0
 * @see Goyal et al.: "Accurate, Large Minibatch SGD", section 2.2, https://arxiv.org/abs/1706.02677
 * @remarks The convention of SimCLR: step/steps, so the first update has rate `from` (0 by default: it changes nothing). lightly and PyTorch recipes use
 * (step + 1)/steps: pass `from: to / steps, steps: steps - 1` for that.
 */
export function linearWarmup(options: LinearWarmupOptions): Schedule {
  const { from = 0, to, steps } = options;
  if (!Number.isInteger(steps) || steps < 0)
    throw new SelfsupError('SELFSUP_OPTION', `linearWarmup: \`steps\` must be an integer >= 0, got ${steps}`);
  return (step) => (step >= steps ? to : from + ((to - from) * Math.max(step, 0)) / steps);
}
