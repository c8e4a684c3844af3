import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** One value per channel, in the unit of the pixels. */
  mean: readonly number[];
  /** One value per channel, > 0, in the unit of the pixels. */
  std: readonly number[];
}

/**
 * Subtracts a mean and divides by a standard deviation, per channel: (x − mean) / std.
 *
 * @param options see {@link NormalizeOptions}; such as `channelStatistics` of `@selfsup/data` gives
 * @returns an {@link Augmentation} without randomness that keeps the shape; float32 `[n, h, w, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on lists of different lengths, a mean that is not finite or a std that is not > 0; the augmentation
 * `SELFSUP_SHAPE` on another number of channels and `SELFSUP_DTYPE` on images that are not float32
 * @example
 * ```ts
 * import { normalize } from '@selfsup/augment';
 * const standardize = normalize({ mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] });
 * ```
 */
export function normalize(options: NormalizeOptions): Augmentation {
  const { mean, std } = options;
  if (mean.length === 0 || mean.length !== std.length)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `normalize: \`mean\` and \`std\` must be as long, one value per channel, got ${mean.length} and ${std.length}`,
    );
  if (!mean.every(Number.isFinite) || !std.every((value) => value > 0 && Number.isFinite(value)))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `normalize: \`mean\` must be finite and \`std\` > 0, got [${mean.join(', ')}] and [${std.join(', ')}]`,
    );
  return (images) => {
    checkImages('normalize', images, [mean.length]);
    const [n, height, width, channels] = images.shape;
    const size = height * width * channels;
    // a whole image of each: broadcasting over the last axis of three is slow on every backend
    const spread = (values: readonly number[]) =>
      tf.tensor2d(
        Float32Array.from({ length: size }, (_, i) => values[i % channels]!),
        [1, size],
      );
    return tf.tidy(() => tf.reshape(tf.div(tf.sub(tf.reshape(images, [n, size]), spread(mean)), spread(std)), images.shape));
  };
}
