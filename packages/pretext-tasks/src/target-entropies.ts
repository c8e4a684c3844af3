import * as tf from '@tensorflow/tfjs-core';

/**
 * Entropies that tell the two collapses apart, of targets `[rows, outputDim]` in nats: of a target, the mean over the rows, and of the mean target; their
 * difference is what a target says about its image. Internal.
 */
export function entropiesOf(targets: tf.Tensor): Readonly<Record<'teacherEntropy' | 'usageEntropy' | 'targetInformation', tf.Scalar>> {
  const entropy = (p: tf.Tensor) => tf.neg<tf.Tensor>(tf.sum(tf.mul(p, tf.log(tf.maximum(p, 1e-30))), -1)); // 0 · log 0 = 0
  const teacherEntropy = tf.mean<tf.Scalar>(entropy(targets));
  const usageEntropy = entropy(tf.mean(targets, 0)) as tf.Scalar;
  return { teacherEntropy, usageEntropy, targetInformation: tf.sub<tf.Scalar>(usageEntropy, teacherEntropy) };
}
