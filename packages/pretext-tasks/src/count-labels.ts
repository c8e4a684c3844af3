import * as tf from '@tensorflow/tfjs-core';

/** How many labels count: those that are not negative. What a micro-batch weighs beside others, where its loss is a mean over them. Internal. */
export const countLabels = (labels: tf.Tensor1D): tf.Scalar =>
  tf.tidy(() => tf.sum<tf.Scalar>(tf.cast(tf.greaterEqual(labels, 0), 'float32')));
