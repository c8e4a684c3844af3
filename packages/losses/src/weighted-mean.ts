import * as tf from '@tensorflow/tfjs-core';

/** Σ weights · values / Σ weights over `[n]`, and 0 where all weights are; weights are not negative. */
export function weightedMean(values: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  const total = tf.sum(weights);
  return tf.div<tf.Scalar>(tf.sum(tf.mul(values, weights)), tf.add(total, tf.cast(tf.equal(total, 0), 'float32')));
}

/** 1 for each label that counts and 0 for a negative one, times the weights if there are any. */
export function labelWeights(labels: tf.Tensor1D, weights: tf.Tensor1D | undefined): tf.Tensor1D {
  const counted = tf.cast<tf.Tensor1D>(tf.greaterEqual(labels, 0), 'float32');
  return weights ? tf.mul(counted, weights) : counted;
}
