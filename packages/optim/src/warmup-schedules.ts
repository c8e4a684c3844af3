import { cosine, join, linearDecay, linearWarmup, SelfsupError, type Schedule } from '@selfsup/core';

/** What the learning rates of {@link warmupConstant}, {@link warmupLinear} and {@link warmupCosine} have in common. */
export interface WarmupOptions {
  /** The highest rate, ≥ 0. */
  peak: number;
  /** Updates of the warm-up, an integer ≥ 0: update `step` has the rate peak · (step + 1)/warmupSteps, so the first changes something already. */
  warmupSteps: number;
}

/** Options of {@link warmupLinear}. */
export interface WarmupLinearOptions extends WarmupOptions {
  /** Updates of the whole run, an integer ≥ 1; at most half of them are used for the warm-up. */
  totalSteps: number;
}

/** Options of {@link warmupCosine}. */
export interface WarmupCosineOptions extends WarmupLinearOptions {
  /** The rate that the last update comes close to, ≥ 0; default 0. */
  final?: number;
}

/** The updates that the warm-up takes, all options checked. */
function checkedWarmup(who: string, options: WarmupOptions & { totalSteps?: number; final?: number }): number {
  const { peak, final = 0, warmupSteps, totalSteps } = options;
  for (const [name, value] of Object.entries({ peak, final }))
    if (!(value >= 0 && value < Infinity))
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`${name}\` must be >= 0 and finite, got ${value}`);
  if (!Number.isSafeInteger(warmupSteps) || warmupSteps < 0)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`warmupSteps\` must be an integer >= 0, got ${warmupSteps}`);
  if (totalSteps === undefined) return warmupSteps;
  if (!Number.isSafeInteger(totalSteps) || totalSteps < 1)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`totalSteps\` must be an integer >= 1, got ${totalSteps}`);
  return Math.min(warmupSteps, Math.floor(totalSteps / 2));
}

/** (step + 1)/warmup up to `peak`, then `after`, which counts from there (`relative`) or from the run's first step. */
function rise(after: Schedule | number, { peak, warmup, relative }: { peak: number; warmup: number; relative: boolean }): Schedule {
  if (warmup === 0) return typeof after === 'number' ? () => after : after;
  return join([linearWarmup({ from: peak / warmup, to: peak, steps: warmup - 1 }), after], { boundaries: [warmup], relative });
}

/**
 * A learning rate that rises in a line and stays.
 *
 * @param options see {@link WarmupOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @see Goyal et al.: "Accurate, Large Minibatch SGD", section 2.2, https://arxiv.org/abs/1706.02677
 */
export function warmupConstant(options: WarmupOptions): Schedule {
  const { peak } = options;
  return rise(peak, { peak, warmup: checkedWarmup('warmupConstant', options), relative: true });
}

/**
 * BERT's learning rate: rises in a line, then falls in the line from `peak` at step 0 to 0 at step `totalSteps`.
 *
 * @param options see {@link WarmupLinearOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @see Devlin et al.: "BERT", appendix A.2, https://arxiv.org/abs/1810.04805, and its code, google-research/bert: the decay counts from the run's first step,
 * so the rate falls to peak · (1 − warmupSteps/totalSteps) where the warm-up ends
 */
export function warmupLinear(options: WarmupLinearOptions): Schedule {
  const { peak, totalSteps } = options;
  const warmup = checkedWarmup('warmupLinear', options);
  return rise(linearDecay({ initial: peak, steps: totalSteps }), { peak, warmup, relative: false });
}

/**
 * The learning rate of most pretraining on images: rises in a line, then falls in half a cosine from `peak` where the warm-up ends to `final` at step
 * `totalSteps`.
 *
 * @param options see {@link WarmupCosineOptions}
 * @returns the schedule
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range
 * @see Loshchilov, Hutter: "SGDR", https://arxiv.org/abs/1608.03983; the code of SimCLR (google-research/simclr), MoCo v3, MAE, DINO (facebookresearch) and
 * lightly: in all of them the cosine counts from the end of the warm-up, so that the rate does not jump there
 * @example
 * ```ts
 * import { sgd, warmupCosine } from '@selfsup/optim';
 * const learningRate = warmupCosine({ peak: 0.1, totalSteps: 1000, warmupSteps: 100 });
 * console.log(learningRate(0), learningRate(99), learningRate(100), learningRate(550)); // 0.001, 0.1, 0.1, 0.05
 * const optimizer = sgd({ learningRate, momentum: 0.9 });
 * ```
 */
export function warmupCosine(options: WarmupCosineOptions): Schedule {
  const { peak, totalSteps, final = 0 } = options;
  const warmup = checkedWarmup('warmupCosine', options);
  return rise(cosine({ initial: peak, final, steps: totalSteps - warmup }), { peak, warmup, relative: true });
}
