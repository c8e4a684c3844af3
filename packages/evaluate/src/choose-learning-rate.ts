import { createRng, isSelfsupError, SelfsupError, shareOf } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import { fineTune, type FineTuneOptions } from './fine-tune.ts';
import { labelSubset } from './label-subset.ts';
import { checkExamples, selectExamples, type FeatureEncoder } from './labeled-examples.ts';

/** Options of {@link chooseLearningRate}: those of {@link fineTune}, without a test set. */
export interface ChooseLearningRateOptions<I extends tf.TensorContainer> extends Omit<
  FineTuneOptions<I>,
  'encoder' | 'test' | 'learningRate'
> {
  /** Makes the encoder as it is before fine-tuning, anew for each rate; it is disposed afterwards. */
  makeEncoder: () => FeatureEncoder<I> & { dispose(): void };
  /** The rates to compare, each > 0. With one there is nothing to choose, and nothing is trained. */
  learningRates: readonly number[];
  /** The share of `train` that judges the rates, in (0, 1); at least one example is held out and one is left; default 0.2. */
  heldOutFraction?: number;
  /** Called after each rate. */
  onTrial?: (trial: LearningRateTrial) => void;
}

/** What a rate reached on the held-out examples. */
export interface LearningRateTrial {
  /** The rate that was tried. */
  readonly learningRate: number;
  /** The share that was classified rightly, in [0, 1]. */
  readonly accuracy: number;
  /** Their mean cross entropy, in nats; Infinity where training diverged. */
  readonly loss: number;
}

/** What {@link chooseLearningRate} gives. */
export interface LearningRateChoice {
  /** The best of the rates. */
  readonly learningRate: number;
  /** One for each rate, in their order; none where there was nothing to choose. */
  readonly trials: readonly LearningRateTrial[];
}

const better = (a: LearningRateTrial, b: LearningRateTrial) => a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);

/** Trains with one of the rates; a loss that is not finite is a bad rate, no failure. */
async function tryRate<I extends tf.TensorContainer>(options: FineTuneOptions<I>, learningRate: number): Promise<LearningRateTrial> {
  try {
    const { accuracy, testLoss: loss } = await fineTune({ ...options, learningRate });
    return { learningRate, accuracy, loss };
  } catch (error) {
    if (!isSelfsupError(error) || error.code !== 'SELFSUP_NON_FINITE') throw error;
    return { learningRate, accuracy: 0, loss: Infinity };
  }
}

/**
 * Chooses the learning rate of a fine-tuning by a share of its own training examples, never by the test set.
 *
 * @param options see {@link ChooseLearningRateOptions}
 * @returns the rate of the highest accuracy on the held-out share, of the lowest loss there where several have it; train with it on all examples
 * @throws SelfsupError `SELFSUP_OPTION` without a rate or with a share out of range, `SELFSUP_DATA` with fewer than two examples, and as `fineTune`
 * @remarks The share has every class in proportion and is the same for one seed whatever the rates. A rate with which the loss stops being finite counts as
 * the worst. For a fair comparison of two starts choose for each on its own: a fresh network mostly wants a higher rate than a pretrained one.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny } from '@selfsup/encoders';
 * import { chooseLearningRate, poolTokens, tokenClassification } from '@selfsup/evaluate';
 * const train = tokenClassification({ sequences: [[2, 8, 3], [2, 9, 3], [2, 8, 8, 3], [2, 9, 9, 3]], labels: [0, 1, 0, 1], numClasses: 2 });
 * const makeEncoder = () => {
 *   const encoder = bertTiny()(createRng(0));
 *   return { ...poolTokens(encoder), dispose: () => encoder.dispose() };
 * };
 * const { learningRate } = await chooseLearningRate({ makeEncoder, train, learningRates: [1e-4, 3e-4, 1e-3] });
 * ```
 */
export async function chooseLearningRate<I extends tf.TensorContainer>(options: ChooseLearningRateOptions<I>): Promise<LearningRateChoice> {
  const { makeEncoder, learningRates, heldOutFraction = 0.2, onTrial, train, ...training } = options;
  const [first] = learningRates;
  if (first === undefined) throw new SelfsupError('SELFSUP_OPTION', 'chooseLearningRate: `learningRates` must have at least one entry');
  const bad = learningRates.find((rate) => !(rate > 0 && rate < Infinity));
  if (bad !== undefined) throw new SelfsupError('SELFSUP_OPTION', `chooseLearningRate: \`learningRates\` must be numbers > 0, got ${bad}`);
  if (!(heldOutFraction > 0 && heldOutFraction < 1))
    throw new SelfsupError('SELFSUP_OPTION', `chooseLearningRate: \`heldOutFraction\` must be in (0, 1), got ${heldOutFraction}`);
  if (learningRates.length === 1) return { learningRate: first, trials: [] };
  checkExamples('chooseLearningRate: `train`', train);
  const n = train.labels.length;
  if (n < 2)
    throw new SelfsupError('SELFSUP_DATA', `chooseLearningRate: \`train\` must have two examples or more to hold one out, got ${n}`);
  const count = Math.min(n - 1, Math.max(1, shareOf(n, heldOutFraction, 'nearest')));
  const rng = createRng(training.seed ?? 0).fold('learning rate');
  const heldOut = labelSubset(train.labels, { count, rng, balance: 'proportional' });
  const chosen = new Set(heldOut);
  const rest = Int32Array.from({ length: n }, (_, i) => i).filter((i) => !chosen.has(i));
  const [part, judge] = [selectExamples(train, rest), selectExamples(train, heldOut)];
  const trials: LearningRateTrial[] = [];
  for (const learningRate of learningRates) {
    const encoder = makeEncoder();
    try {
      const trial = await tryRate({ ...training, encoder, train: part, test: judge }, learningRate);
      trials.push(trial);
      onTrial?.(trial);
    } finally {
      encoder.dispose();
    }
  }
  const best = trials.reduce((leader, trial) => (better(trial, leader) ? trial : leader));
  return { learningRate: best.learningRate, trials };
}
