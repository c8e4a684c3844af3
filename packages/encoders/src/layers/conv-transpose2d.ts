import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkInput } from './check-input.ts';
import { checkIntegers } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { kaimingUniform } from './initializers.ts';
import { leafModule } from './leaf-module.ts';

/** Options of {@link convTranspose2d}. */
export interface ConvTranspose2dOptions {
  /** Channels of the input, ≥ 1. */
  inChannels: number;
  /** Channels of the output, ≥ 1. */
  filters: number;
}

const [KERNEL, STRIDE] = [4, 2];

/**
 * A transposed convolution that doubles both sides of a map: kernels of 4×4 pixels, stride 2, no bias.
 *
 * @param options see {@link ConvTranspose2dOptions}
 * @returns a factory of modules from `[batch, height, width, inChannels]` to `[batch, 2·height, 2·width, filters]` with the variable `kernel`
 * `[4, 4, filters, inChannels]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks PyTorch's `ConvTranspose2d(inChannels, filters, 4, stride=2, padding=1)`, whose kernels `[inChannels, filters, 4, 4]` are ours after (2, 3, 1, 0).
 */
export function convTranspose2d({ inChannels, filters }: ConvTranspose2dOptions): ModuleFactory<tf.Tensor4D, tf.Tensor4D> {
  checkIntegers('convTranspose2d', { inChannels, filters });
  const taps = KERNEL * KERNEL;
  return (rng) => {
    const values = kaimingUniform(rng.fold('kernel'), taps * inChannels * filters, { fanIn: taps * filters, fanOut: taps * inChannels });
    const kernel = createVariable<tf.Rank.R4>(values, [KERNEL, KERNEL, filters, inChannels], true);
    return leafModule({ trainable: { kernel } }, (input) => {
      checkInput('convTranspose2d', input, { rank: 4, channels: inChannels });
      const [n, height, width] = input.shape;
      return tf.conv2dTranspose(input, kernel, [n, STRIDE * height, STRIDE * width, filters], STRIDE, 'same');
    });
  };
}
