import type * as tf from '@tensorflow/tfjs-core';

/** The ids of batches whose `targets` were asked for before. */
const known = new WeakMap<tf.Tensor, Int32Array>();

/** A batch's ids or mask on the host. Before anything runs on them they are still there, so that reading them waits for no GPU; later they are known. Internal. */
export function readIds(ids: tf.Tensor2D): Int32Array {
  // eslint-disable-next-line no-restricted-syntax -- nothing has run on them
  const values = known.get(ids) ?? Int32Array.from(ids.dataSync());
  known.set(ids, values);
  return values;
}
