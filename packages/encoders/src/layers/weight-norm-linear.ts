import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { createVariable } from './create-variable.ts';
import { kaimingUniform } from './initializers.ts';
import { leafModule } from './leaf-module.ts';

/**
 * A linear layer without bias whose kernel's columns are divided by their lengths: gain · x · kernel/‖kernel‖, gains of 1 or learned. Internal.
 *
 * @see Salimans, Kingma: "Weight Normalization", eq. 2, https://arxiv.org/abs/1602.07868
 */
export function weightNormLinear(options: {
  inputDim: number;
  outputDim: number;
  learnGain: boolean;
}): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, outputDim, learnGain } = options;
  return (rng) => {
    const values = kaimingUniform(rng.fold('kernel'), inputDim * outputDim, { fanIn: inputDim, fanOut: outputDim });
    const kernel = createVariable<tf.Rank.R2>(values, [inputDim, outputDim], true);
    const gain = learnGain ? createVariable<tf.Rank.R1>(new Float32Array(outputDim).fill(1), [outputDim], true) : undefined;
    return leafModule({ trainable: gain ? { kernel, gain } : { kernel } }, (input) => {
      const lengths = tf.sqrt(tf.sum(tf.square(kernel), 0)); // [outputDim]
      // the product is scaled, not the kernel: with fewer rows than inputs that is less to compute
      return tf.mul<tf.Tensor2D>(tf.matMul(input, kernel), tf.div(gain ?? 1, lengths));
    });
  };
}
