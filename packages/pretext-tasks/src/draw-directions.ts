import { drawNormal, l2Normalize, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Random directions, float32 `[dim, count]` of unit columns. Internal. */
export function drawDirections(rng: Rng, dim: number, count: number): tf.Tensor2D {
  return tf.tidy(() => tf.transpose(l2Normalize(tf.tensor2d(drawNormal(rng, dim * count), [count, dim]))));
}
