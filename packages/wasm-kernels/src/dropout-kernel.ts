import { util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

const STEPS = 2 ** 16;

/**
 * SelfsupDropout: input `x`, attributes `rate`, a multiple of 2⁻¹⁶ below 1, `key0` and `key1`, the key of a Threefry stream, and `firstBlock`, its first
 * counter (default 0) → `y`: x/(1 − rate) where the half-word of the stream (the low half of a word first) is at least rate · 2¹⁶, and 0 elsewhere.
 */
export function dropoutKernel(runtime: Runtime): KernelTable {
  return {
    SelfsupDropout(inputs, attrs) {
      const x = input(inputs, 'x');
      const { rate, key0, key1, firstBlock = 0 } = attrs as { rate: number; key0: number; key1: number; firstBlock?: number };
      const threshold = rate * STEPS;
      if (x.dtype !== 'float32' || !Number.isInteger(threshold) || threshold < 0 || threshold >= STEPS) {
        throw new SelfsupError(
          'SELFSUP_SHAPE',
          `SelfsupDropout: expected a float32 \`x\` and a \`rate\` in [0, 1) that is a multiple of 2⁻¹⁶, got ${x.dtype} and ${rate}`,
        );
      }
      return produce(runtime, x.shape, 'float32', (y) => {
        runtime.kernels.dropout(runtime.offset(x), y, util.sizeFromShape(x.shape), key0, key1, firstBlock, threshold, 1 / (1 - rate));
      });
    },
  };
}
