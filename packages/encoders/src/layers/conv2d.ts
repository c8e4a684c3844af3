import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkInput } from './check-input.ts';
import { checkIntegers } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { kaimingUniform, type Initializer } from './initializers.ts';
import { leafModule } from './leaf-module.ts';

/** Options of {@link conv2d}. */
export interface Conv2dOptions {
  /** Channels of the input, ≥ 1. */
  inChannels: number;
  /** Channels of the output, ≥ 1. */
  filters: number;
  /** Height and width of the kernel in pixels, ≥ 1. */
  kernelSize: number;
  /** Step of the kernel in pixels, ≥ 1; default 1. */
  stride?: number;
  /** Zeros added on **each** of the four sides, in pixels, ≥ 0, as PyTorch does; default 0. TensorFlow's 'same' differs at stride 2. */
  padding?: number;
  /** Whether a bias is added; default false, since a normalization usually follows. */
  bias?: boolean;
  /** Initial kernel and bias; default {@link kaimingUniform}, PyTorch's default. */
  initializer?: Initializer;
}

/**
 * A two-dimensional convolution (cross-correlation) of `[batch, height, width, inChannels]` images with one kernel of shape
 * `[kernelSize, kernelSize, inChannels, filters]`.
 *
 * @param options see {@link Conv2dOptions}
 * @returns a factory of modules with the variables `kernel` and, if asked for, `bias`; an output side is ⌊(side + 2·padding − kernelSize)/stride⌋ + 1
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks PyTorch stores kernels as `[filters, inChannels, height, width]`: transpose with (2, 3, 1, 0).
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { conv2d } from '@selfsup/encoders';
 * const layer = conv2d({ inChannels: 3, filters: 64, kernelSize: 3, padding: 1 })(createRng(0));
 * console.log(layer.trainable['kernel']?.shape); // [3, 3, 3, 64]
 * layer.dispose();
 * ```
 */
export function conv2d(options: Conv2dOptions): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  const { inChannels, filters, kernelSize, stride = 1, padding = 0, bias = false, initializer = kaimingUniform } = options;
  checkIntegers('conv2d', { inChannels, filters, kernelSize, stride });
  checkIntegers('conv2d', { padding }, 0);
  const taps = kernelSize * kernelSize;
  const fan = { fanIn: taps * inChannels, fanOut: taps * filters };
  return (rng) => {
    const values = initializer(rng.fold('kernel'), taps * inChannels * filters, fan);
    const kernel = createVariable<tf.Rank.R4>(values, [kernelSize, kernelSize, inChannels, filters], true);
    const offset = bias ? createVariable<tf.Rank.R1>(initializer(rng.fold('bias'), filters, fan), [filters], true) : undefined;
    return leafModule({ trainable: offset ? { kernel, bias: offset } : { kernel } }, (input) => {
      checkInput('conv2d', input, { rank: 4, channels: inChannels });
      const y = tf.conv2d(input, kernel, stride, padding); // [batch, height', width', filters]
      return offset ? tf.add(y, offset) : y;
    });
  };
}
