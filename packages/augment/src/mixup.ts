import { drawPermutation, SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { checkProbability } from './check-options.ts';
import { drawBeta } from './draw-beta.ts';
import { drawChosen } from './draw-chosen.ts';

/** Options of {@link mixup} and {@link cutmix}. */
export interface MixOptions {
  /** The share of each image is from Beta(alpha, alpha); default 1: uniform, > 0. */
  alpha?: number;
  /** Probability of mixing an image; default 1, in [0, 1]. */
  probability?: number;
}

/** Images mixed with others of their batch; the caller owns all tensors. */
export type MixedImages = Readonly<{
  /** float32 `[n, h, w, c]`. */
  images: tf.Tensor4D;
  /** int32 `[n]`: with which image of the batch each was mixed. */
  partners: tf.Tensor1D;
  /** float32 `[n]`: the share of each image itself, in [0, 1]; targets are mixed alike: w·target + (1 − w)·target of the partner. */
  weights: tf.Tensor1D;
}>;

/** Makes {@link MixedImages} of a batch. */
export type MixTransform = (images: tf.Tensor4D, rng: Rng) => MixedImages;

/** Draws the partners and the shares of a batch; an image that is not chosen has all of itself. */
export function drawMix(
  rng: Rng,
  count: number,
  { alpha, probability }: Required<MixOptions>,
): { partners: Int32Array; weights: Float64Array } {
  const chosen = drawChosen(rng.fold('chosen'), count, probability);
  const weights = drawBeta(rng.fold('weight'), count, alpha).map((weight, i) => (chosen[i] ? weight : 1));
  return { partners: drawPermutation(rng.fold('partners'), count), weights };
}

/** Checks the options of what mixes images. */
export function checkMixOptions(who: string, options: MixOptions): Required<MixOptions> {
  const { alpha = 1, probability = 1 } = options;
  if (!(alpha > 0 && alpha < Infinity)) throw new SelfsupError('SELFSUP_OPTION', `${who}: \`alpha\` must be finite and > 0, got ${alpha}`);
  checkProbability(who, 'probability', probability);
  return { alpha, probability };
}

/**
 * Mixes each image with another one of the batch: w·x + (1 − w)·y.
 *
 * @param options see {@link MixOptions}
 * @returns a {@link MixTransform}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the transform `SELFSUP_SHAPE` on images that are not rank 4 and `SELFSUP_DTYPE` on images
 * that are not float32
 * @see Zhang et al.: "mixup: Beyond Empirical Risk Minimization", https://arxiv.org/abs/1710.09412
 * @remarks Each image has a share of its own, where the authors' code and torchvision draw one for the batch. The partners are a random order of the batch; an image may be its own.
 * @example
 * ```ts
 * import { mixup } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const { images, partners, weights } = mixup({ alpha: 0.2 })(tf.zeros<tf.Rank.R4>([8, 32, 32, 3]), createRng(0));
 * ```
 */
export function mixup(options: MixOptions = {}): MixTransform {
  const checked = checkMixOptions('mixup', options);
  return (images, rng) => {
    checkImages('mixup', images);
    const n = images.shape[0];
    const { partners, weights } = drawMix(rng, n, checked);
    return tf.tidy(() => {
      const [others, shares] = [tf.tensor1d(partners, 'int32'), tf.tensor1d(Float32Array.from(weights))];
      const share = tf.reshape(shares, [n, 1, 1, 1]);
      const mixed = tf.add<tf.Tensor4D>(tf.mul(images, share), tf.mul(tf.gather(images, others), tf.sub(1, share)));
      return { images: mixed, partners: others, weights: shares };
    });
  };
}
