import * as tf from '@tensorflow/tfjs-core';
import { drawPermutation, SelfsupError, type Rng } from '@selfsup/core';

/** Options of {@link encodeShuffled}. Internal. */
export interface EncodeShuffledOptions {
  /** The task, for the message. */
  who: string;
  /** How many parts the batch is encoded in; 1 encodes it whole and unshuffled. */
  groups: number;
  /** Draws the permutation; the i-th group's modules get `fold(i)` of it. */
  rng: Rng;
}

/**
 * Encodes a batch in random groups, each with batch statistics of its own, and puts the rows back in order. Internal.
 *
 * @param images `[n, height, width, channels]`
 * @param encode encodes one group
 * @param options see {@link EncodeShuffledOptions}
 * @returns `[n, dim]`, row i of image i
 * @throws SelfsupError `SELFSUP_BATCH` when a group would have fewer than 2 images, too few for batch statistics
 * @see He et al.: "Momentum Contrast", section 3.3, https://arxiv.org/abs/1911.05722
 */
export function encodeShuffled(
  images: tf.Tensor4D,
  encode: (group: tf.Tensor4D, rng: Rng) => tf.Tensor2D,
  { who, groups, rng }: EncodeShuffledOptions,
): tf.Tensor2D {
  const n = images.shape[0];
  if (groups === 1) return encode(images, rng.fold(0));
  if (n < 2 * groups)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `${who}: \`views\` must have at least ${2 * groups} images for ${groups} shuffled groups, got ${n}; lower \`shuffleGroups\``,
    );
  const order = drawPermutation(rng.fold('shuffle'), n);
  const back = new Int32Array(n);
  order.forEach((image, place) => (back[image] = place));
  const rows = Array.from({ length: groups }, (_, g) => {
    const places = order.slice(Math.floor((g * n) / groups), Math.floor(((g + 1) * n) / groups));
    return encode(tf.gather(images, tf.tensor1d(places, 'int32')), rng.fold(g));
  });
  return tf.gather(tf.concat(rows, 0), tf.tensor1d(back, 'int32')); // [n, dim]
}
