import type * as tf from '@tensorflow/tfjs-core';
import { layerNorm as normalize, SelfsupError, type ModuleFactory } from '@selfsup/core';
import { checkIntegers } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { leafModule } from './leaf-module.ts';

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Columns: the last axis of the input, ≥ 1. */
  width: number;
  /** Added to the variance, > 0; default 1e-12 as in BERT. PyTorch's default is 1e-5. */
  epsilon?: number;
}

/**
 * Layer normalization: every row has its own mean and biased variance; then a scale and an offset per column.
 *
 * @param options see {@link LayerNormOptions}
 * @returns a factory of modules from and to float32 `[..., width]`, rank ≥ 2, with the variables `scale` and `offset` `[width]`; training and inference are
 * the same function
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE`
 * @see Ba, Kiros, Hinton: "Layer Normalization", https://arxiv.org/abs/1607.06450
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { layerNorm } from '@selfsup/encoders';
 * const norm = layerNorm({ width: 128 })(createRng(0));
 * norm.dispose();
 * ```
 */
export function layerNorm<T extends tf.Tensor>(options: LayerNormOptions): ModuleFactory<T, T> {
  const { width, epsilon = 1e-12 } = options;
  checkIntegers('layerNorm', { width });
  if (!(epsilon > 0)) throw new SelfsupError('SELFSUP_OPTION', `layerNorm: \`epsilon\` must be > 0, got ${epsilon}`);
  return () => {
    const scale = createVariable<tf.Rank.R1>(new Float32Array(width).fill(1), [width], true);
    const offset = createVariable<tf.Rank.R1>(new Float32Array(width), [width], true);
    return leafModule({ trainable: { scale, offset } }, (input: T) => normalize(input, { scale, offset, epsilon }) as T);
  };
}
