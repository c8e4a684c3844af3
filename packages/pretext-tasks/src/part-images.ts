import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module } from '@selfsup/core';

/**
 * Puts the parts of each image or clip in an order of its own: place k shows part `orders[i][k]`. Internal.
 *
 * @param parts float32 `[n, parts, height, width, channels]`
 * @param orders `[n]` permutations of the parts
 * @returns a new tensor of that shape
 */
export function reorderParts(parts: tf.Tensor5D, orders: readonly (readonly number[])[]): tf.Tensor5D {
  const [n, count, height, width, channels] = parts.shape;
  const rows = orders.flatMap((order, i) => order.map((part) => i * count + part));
  const flat = tf.reshape(parts, [n * count, height * width * channels]);
  return tf.reshape(tf.gather(flat, tf.tensor1d(rows, 'int32')), parts.shape);
}

/**
 * Encodes each part on its own, all in one batch, and puts the features of an image's or clip's parts in a row. Internal.
 *
 * @param backbone images `[n, height, width, channels]` to `[n, dim]`
 * @param parts float32 `[n, parts, height, width, channels]`
 * @param options as `apply` takes them
 * @returns float32 `[n, parts · dim]`
 */
export function encodeParts(
  backbone: Pick<Module<tf.Tensor4D, tf.Tensor2D>, 'apply'>,
  parts: tf.Tensor5D,
  options: ApplyOptions,
): tf.Tensor2D {
  const [n, count, height, width, channels] = parts.shape;
  const features = backbone.apply(tf.reshape<tf.Rank.R4>(parts, [n * count, height, width, channels]), options); // [n·parts, dim]
  return tf.reshape(features, [n, count * features.shape[1]]);
}
