import * as tf from '@tensorflow/tfjs-core';

/** A linear classifier on features: softmax((((x − mean) / scale)·kernel + bias) / temperature). */
export interface LinearHead {
  /** float32 `[dim, classes]`, row-major. */
  readonly kernel: Float32Array;
  /** `[classes]`. */
  readonly bias: Float32Array;
  /** `[dim]`: subtracted from the features; default nothing. */
  readonly mean?: Float32Array | undefined;
  /** `[dim]`: divides the features; default nothing. */
  readonly scale?: Float32Array | undefined;
  /** The names of the classes. */
  readonly classes: readonly string[];
  /** Divides the logits before the softmax, > 0; default 1. */
  readonly temperature?: number;
}

/** Probabilities `[n, classes]` of features `[n, dim]`. Internal. */
export function classify(features: tf.Tensor2D, head: LinearHead): tf.Tensor2D {
  const { kernel, bias, mean, scale, classes, temperature = 1 } = head;
  const dim = features.shape[1];
  return tf.tidy(() => {
    const centered = mean ? tf.sub<tf.Tensor2D>(features, tf.tensor1d(mean)) : features;
    const scaled = scale ? tf.div<tf.Tensor2D>(centered, tf.tensor1d(scale)) : centered;
    const logits = tf.add<tf.Tensor2D>(tf.matMul(scaled, tf.tensor2d(kernel, [dim, classes.length])), tf.tensor1d(bias));
    return tf.softmax(temperature === 1 ? logits : tf.div(logits, temperature));
  });
}
