import { drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';
import { boxMasks } from './erase.ts';
import { checkMixOptions, drawMix, type MixOptions, type MixTransform } from './mixup.ts';

/**
 * Replaces a random box of each image by that of another image of the batch.
 *
 * @param options see {@link MixOptions}
 * @returns a {@link MixTransform}; the weights are the parts of the pixels that are each image's own
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the transform `SELFSUP_SHAPE` on images that are not rank 4 and `SELFSUP_DTYPE` on images
 * that are not float32
 * @see Yun et al.: "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", https://arxiv.org/abs/1905.04899
 * @remarks The box has the image's aspect and a share 1 − w of its area before the image cuts it off, about a place that is uniform; each image has its own, see {@link mixup}.
 * @example
 * ```ts
 * import { cutmix } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const { images, partners, weights } = cutmix()(tf.zeros<tf.Rank.R4>([8, 32, 32, 3]), createRng(0));
 * ```
 */
export function cutmix(options: MixOptions = {}): MixTransform {
  const checked = checkMixOptions('cutmix', options);
  return (images, rng) => {
    checkImages('cutmix', images);
    const [n, height, width] = images.shape;
    const { partners, weights } = drawMix(rng, n, checked);
    const [ys, xs] = [drawUniform(rng.fold('y'), n), drawUniform(rng.fold('x'), n)];
    const cut = (place: number, share: number, length: number) => {
      const [middle, half] = [Math.floor(place * length), Math.floor(0.5 * Math.sqrt(1 - share) * length)];
      return [Math.max(0, middle - half), Math.min(length, middle + half)] as const;
    };
    const boxes = Array.from(weights, (weight, i) => {
      const [[top, bottom], [left, right]] = [cut(ys[i]!, weight, height), cut(xs[i]!, weight, width)];
      return { top, left, bottom, right };
    });
    const own = boxes.map(({ top, left, bottom, right }) => 1 - ((bottom - top) * (right - left)) / (height * width));
    return tf.tidy(() => {
      const others = tf.tensor1d(partners, 'int32');
      const mask = boxMasks(boxes, height, width);
      const mixed = tf.add<tf.Tensor4D>(tf.mul(images, tf.sub(1, mask)), tf.mul(tf.gather(images, others), mask));
      return { images: mixed, partners: others, weights: tf.tensor1d(own) };
    });
  };
}
