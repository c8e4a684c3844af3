import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, stopGradient } from '@selfsup/core';
import { checkEmbeddings } from './check-embeddings.ts';
import { sinkhorn } from './sinkhorn.ts';

/** Options of {@link msnLoss}. */
export interface MsnLossOptions {
  /** The scores are divided by it; > 0, default 0.1. */
  temperature?: number;
  /** The targets' probabilities are raised to the power of 1 over it; > 0, default 0.25, which sharpens them. */
  targetTemperature?: number;
  /** Iterations of Sinkhorn and Knopp on the sharpened targets; an integer ≥ 0, default 3. 0: none. */
  iterations?: number;
  /** The weight of the regularizer, ≥ 0; default 1. */
  priorWeight?: number;
  /** How often prototypes should be used: all `'uniform'`ly (default), as in MSN, or the k-th as k to the power of `-powerLawExponent`, as in PMSN. */
  prior?: 'uniform' | 'power-law';
  /** The exponent of the prior `'power-law'`, ≥ 0; default 0.25. 0 is uniform. */
  powerLawExponent?: number;
  /**
   * The regularizer: `'mean-from-prior'` (default), KL(mean prediction ‖ prior), which for the uniform prior is the papers' entropy of the mean, negated, plus log
   * numPrototypes; `'prior-from-mean'`: KL(prior ‖ mean prediction), which lightly has for PMSN.
   */
  convention?: 'mean-from-prior' | 'prior-from-mean';
}

/**
 * The loss of MSN and PMSN: masked and small views are assigned to prototypes as the whole view is, and all together use the prototypes as a prior says.
 *
 * @param scores one or more float32 tensors `[n, numPrototypes]` of one shape: for each anchor view, the cosines of row i, of image i, with the prototypes
 * @param targetScores float32 `[n, numPrototypes]`: the same of the target view, by the target network
 * @param options see {@link MsnLossOptions}
 * @returns float32 scalar ≥ 0 in nats: the mean over views and images of −Σₖ target[k] · log softmax(scores/temperature)[k], + `priorWeight` · KL
 * @throws SelfsupError `SELFSUP_SHAPE` on ranks, shapes or numbers of tensors that do not fit; `SELFSUP_DTYPE` unless float32; `SELFSUP_OPTION` on an option out
 * of range
 * @see Assran et al.: "Masked Siamese Networks for Label-Efficient Learning", eq. 1, https://arxiv.org/abs/2204.07141
 * @see Assran et al.: "The Hidden Uniform Cluster Prior in Self-Supervised Learning", section 5, https://arxiv.org/abs/2210.07277
 * @remarks The gradient goes to the anchors' scores alone. The mean prediction is that of all anchors of all images, so the loss needs the whole batch. lightly
 * takes embeddings and prototypes; with scores of unit
 * vectors both agree, its PMSN with `'prior-from-mean'`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * import { msnLoss } from '@selfsup/losses';
 * const scores = tf.tensor2d([[1, 0], [0, 1]]);
 * msnLoss([scores], scores).print(); // near 0: the views agree, and use both prototypes
 * ```
 */
export function msnLoss(scores: readonly tf.Tensor2D[], targetScores: tf.Tensor2D, options: MsnLossOptions = {}): tf.Scalar {
  const { temperature = 0.1, targetTemperature = 0.25, iterations = 3, priorWeight = 1 } = options;
  const { prior = 'uniform', powerLawExponent = 0.25, convention = 'mean-from-prior' } = options;
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new SelfsupError('SELFSUP_OPTION', `msnLoss: \`${name}\` must be ${expected}, got ${String(got)}`);
  };
  for (const [name, value] of Object.entries({ temperature, targetTemperature }))
    if (!(value > 0 && value < Infinity)) refuse(name, 'a finite number > 0', value);
  for (const [name, value] of Object.entries({ priorWeight, powerLawExponent }))
    if (!(value >= 0 && value < Infinity)) refuse(name, 'a finite number >= 0', value);
  if (!Number.isInteger(iterations) || iterations < 0) refuse('iterations', 'an integer >= 0', iterations);
  if (!['uniform', 'power-law'].includes(prior)) refuse('prior', "'uniform' or 'power-law'", prior);
  if (!['mean-from-prior', 'prior-from-mean'].includes(convention))
    refuse('convention', "'mean-from-prior' or 'prior-from-mean'", convention);
  if (scores.length < 1) throw new SelfsupError('SELFSUP_SHAPE', 'msnLoss: `scores` must hold at least 1 tensor, got 0');
  checkEmbeddings('msnLoss', [...scores.map((tensor, i) => [`scores[${i}]`, tensor] as const), ['targetScores', targetScores]]);
  const numPrototypes = targetScores.shape[1];
  return tf.tidy(() => {
    const sharp = tf.logSoftmax(tf.div<tf.Tensor2D>(stopGradient(targetScores), temperature * targetTemperature));
    const targets = iterations > 0 ? sinkhorn(sharp, { epsilon: 1, iterations }) : tf.exp(sharp); // [n, numPrototypes]
    const logits = tf.logSoftmax(tf.div<tf.Tensor2D>(tf.concat([...scores], 0), temperature)); // [views · n, numPrototypes]
    const crossEntropy = tf.neg<tf.Scalar>(tf.mean(tf.sum(tf.mul(tf.tile(targets, [scores.length, 1]), logits), 1)));
    if (priorWeight === 0) return crossEntropy;
    const mean = tf.mean<tf.Tensor1D>(tf.exp(logits), 0); // [numPrototypes]
    const wanted = priorOf(numPrototypes, prior === 'uniform' ? 0 : powerLawExponent);
    const ratio = tf.log(tf.div(tf.maximum(mean, 1e-30), wanted));
    const divergence = convention === 'mean-from-prior' ? tf.sum(tf.mul(mean, ratio)) : tf.neg(tf.sum(tf.mul(wanted, ratio)));
    return tf.add<tf.Scalar>(crossEntropy, tf.mul(divergence, priorWeight));
  });
}

/** k to the power of −exponent for k = 1, 2 …, as parts of their sum. */
function priorOf(size: number, exponent: number): tf.Tensor1D {
  const powers = Array.from({ length: size }, (_, k) => (k + 1) ** -exponent);
  const total = powers.reduce((sum, power) => sum + power, 0);
  return tf.tensor1d(powers.map((power) => power / total));
}
