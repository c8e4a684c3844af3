import * as tf from '@tensorflow/tfjs-core';

/** Entropies that tell the two collapses of a self-distillation apart, in nats. Internal. */
export interface CollapseEntropies {
  /** Of a target, the mean over the rows: log outputDim when all targets have become uniform. */
  readonly teacherEntropy: tf.Scalar;
  /** Of the mean target of the batch: 0 when all images get the same single output. */
  readonly usageEntropy: tf.Scalar;
  /** Their difference, what a target says about its image: 0 after either collapse. */
  readonly targetInformation: tf.Scalar;
}

const entropy = (probabilities: tf.Tensor) => tf.neg(tf.sum(tf.mul(probabilities, tf.log(tf.maximum(probabilities, 1e-30))), -1)); // 0 · log 0 = 0

/** The entropies of the rows of `logits`, `[rows, outputDim]`, under a softmax with this temperature. Internal. */
export function collapseEntropies(logits: tf.Tensor2D, temperature: number): CollapseEntropies {
  return tf.tidy(() => {
    const probabilities = tf.softmax(tf.div(logits, temperature)); // [rows, outputDim]
    const teacherEntropy = tf.mean<tf.Scalar>(entropy(probabilities));
    const usageEntropy = entropy(tf.mean(probabilities, 0)) as tf.Scalar;
    return { teacherEntropy, usageEntropy, targetInformation: tf.sub<tf.Scalar>(usageEntropy, teacherEntropy) };
  });
}
