import * as tf from '@tensorflow/tfjs-core';

/** Whether a variable was told to stand still: its flag `trainable` is false. A norm whose scale does runs on its running statistics. */
export const isFrozen = (tensor: tf.Tensor | undefined): boolean => tensor instanceof tf.Variable && !tensor.trainable;
