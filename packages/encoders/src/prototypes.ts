import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, type ModuleFactory } from '@selfsup/core';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { linear } from './layers/linear.ts';

/** Options of {@link prototypes}. */
export interface PrototypesOptions {
  /** Columns of the input: the projection head's `outputDim`, ≥ 1. */
  inputDim: number;
  /** How many prototypes, ≥ 1; 3,000 in the paper. */
  numPrototypes: number;
}

/**
 * The prototypes of SwAV: unit vectors, with which unit embeddings are multiplied to give cosines; no bias.
 *
 * @param options see {@link PrototypesOptions}
 * @returns a factory of modules from unit rows `[batch, inputDim]` to scores `[batch, numPrototypes]`, float32, with the variable `kernel`
 * `[inputDim, numPrototypes]`, whose columns start with unit length
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", section 3.1, https://arxiv.org/abs/2006.09882
 * @remarks Neither the input nor, after an update, the columns are normalized here: the task does both. The directions start from PyTorch's default, uniform
 * in ±1/√inputDim before the normalization.
 * @example
 * ```ts
 * import { prototypes } from '@selfsup/encoders';
 * const head = prototypes({ inputDim: 128, numPrototypes: 3000 });
 * ```
 */
export function prototypes(options: PrototypesOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, numPrototypes } = options;
  checkIntegers('prototypes', { inputDim, numPrototypes });
  const layer = linear({ inputDim, outputDim: numPrototypes, bias: false });
  return (rng) => {
    const module = layer(rng);
    tf.tidy(() => {
      for (const kernel of Object.values(module.trainable)) kernel.assign(tf.transpose(l2Normalize(tf.transpose(kernel))));
    });
    return {
      ...module,
      apply(input, apply) {
        checkInput('prototypes', input, { rank: 2, channels: inputDim });
        return module.apply(input, apply);
      },
    };
  };
}
