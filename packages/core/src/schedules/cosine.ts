import { SelfsupError } from '../error.ts';
import type { Schedule } from './schedule.ts';

/** Options of {@link cosine}. */
export interface CosineOptions {
  /** The value at step 0. */
  initial: number;
  /** The value from step `steps` on; default 0. */
  final?: number;
  /** How many steps the half wave takes; an integer ≥ 1. */
  steps: number;
}

/**
 * Half a cosine wave: final + (initial − final) · ½(1 + cos(π · step/steps)), constant afterwards.
 *
 * @param options see {@link CosineOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` when `steps` is no integer ≥ 1
 * @see Loshchilov, Hutter: "SGDR", eq. 5, https://arxiv.org/abs/1608.03983
 * @remarks The convention of MoCo and SimCLR: step/steps, so a run of `steps` updates (0 … steps − 1) starts at `initial` exactly and its last update
 * is one short of `final`. lightly divides by steps − 1 and reaches `final` at the last update: pass `steps: totalSteps - 1` for that.
 */
export function cosine(options: CosineOptions): Schedule {
  const { initial, final = 0, steps } = options;
  if (!Number.isInteger(steps) || steps < 1)
    throw new SelfsupError('SELFSUP_OPTION', `cosine: \`steps\` must be an integer >= 1, got ${steps}`);
  return (step) => final + (initial - final) * 0.5 * (1 + Math.cos((Math.PI * Math.min(Math.max(step, 0), steps)) / steps));
}
