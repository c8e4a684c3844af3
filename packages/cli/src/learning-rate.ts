import { cosine, join, linearWarmup, type Schedule } from '@selfsup/core';

/** Options of {@link warmupCosine}. */
export interface WarmupCosineOptions {
  /** The highest rate. */
  peak: number;
  /** Updates of the whole run. */
  totalSteps: number;
  /** Updates of the warm-up; at most half of the run is used for it. */
  warmupSteps: number;
}

/**
 * The schedule of a run: peak · (step + 1)/W during the W updates of the warm-up, then half a cosine that counts from step 0 of the run.
 *
 * @param options see {@link WarmupCosineOptions}
 * @returns the schedule
 */
export function warmupCosine(options: WarmupCosineOptions): Schedule {
  const { peak, totalSteps } = options;
  const warmup = Math.min(options.warmupSteps, Math.floor(totalSteps / 2));
  const decay = cosine({ initial: peak, steps: Math.max(1, totalSteps) });
  if (warmup < 1) return decay;
  return join([linearWarmup({ from: peak / warmup, to: peak, steps: warmup - 1 }), decay], { boundaries: [warmup], relative: false });
}
