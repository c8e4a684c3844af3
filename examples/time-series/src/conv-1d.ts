import { SelfsupError, type ModuleFactory } from '@selfsup/core';
import { kaimingUniform } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';

/** Options of {@link conv1d}. */
export interface Conv1dOptions {
  /** Channels of the input, ≥ 1. */
  inChannels: number;
  /** Channels of the output, ≥ 1. */
  filters: number;
  /** Time steps of the kernel, ≥ 1. */
  kernelSize: number;
  /** Time steps from one output to the next, ≥ 1; default 1. */
  stride?: number;
}

/**
 * A convolution over time without bias, as a convolution of images of one row: so it runs on the fused kernels that backends have for images.
 *
 * @param options see {@link Conv1dOptions}
 * @returns a factory of modules from `[n, 1, length, inChannels]` to `[n, 1, ⌈length / stride⌉, filters]` with the variable `kernel`
 * `[1, kernelSize, inChannels, filters]`
 * @throws SelfsupError from `apply` `SELFSUP_SHAPE` on an input of another shape
 */
export function conv1d(options: Conv1dOptions): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  const { inChannels, filters, kernelSize, stride = 1 } = options;
  return (rng) => {
    const shape: [number, number, number, number] = [1, kernelSize, inChannels, filters];
    const values = kaimingUniform(rng.fold('kernel'), kernelSize * inChannels * filters, {
      fanIn: kernelSize * inChannels,
      fanOut: kernelSize * filters,
    });
    const kernel = tf.tidy(() => tf.variable(tf.tensor4d(values, shape)));
    return {
      trainable: { kernel },
      buffers: {},
      apply(input) {
        if (input.rank !== 4 || input.shape[1] !== 1 || input.shape[3] !== inChannels)
          throw new SelfsupError(
            'SELFSUP_SHAPE',
            `conv1d: \`input\` must have shape [n, 1, length, ${inChannels}], got [${input.shape.join(', ')}]`,
          );
        return tf.conv2d(input, kernel, [1, stride], 'same');
      },
      dispose() {
        kernel.dispose();
      },
    };
  };
}
