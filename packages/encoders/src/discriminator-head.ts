import type * as tf from '@tensorflow/tfjs-core';
import { gelu, type ModuleFactory } from '@selfsup/core';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { truncatedNormal, zeros } from './layers/initializers.ts';
import { linear } from './layers/linear.ts';
import { sequential } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';

/** Options of {@link discriminatorHead}. */
export interface DiscriminatorHeadOptions {
  /** Columns of the hidden states: the encoder's `outputDim`, ≥ 1. */
  width: number;
}

/**
 * ELECTRA's head of the discriminator: linear, GELU, then a linear layer to the log-odds that a token was replaced.
 *
 * @param options see {@link DiscriminatorHeadOptions}
 * @returns a factory of modules from states `[n, width]` to log-odds `[n, 1]`, float32, with the paths `dense/kernel` `[width, width]`, `dense/bias`,
 * `output/kernel` `[width, 1]` and `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Clark et al.: "ELECTRA", section 2, https://arxiv.org/abs/2003.10555
 * @remarks Kernels start truncated normal with deviation 0.02, biases as zeros. Hugging Face's names: `discriminator_predictions.dense` is `dense`,
 * `discriminator_predictions.dense_prediction` is `output`; kernels transposed.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { discriminatorHead } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const head = discriminatorHead({ width: 256 })(createRng(0));
 * const logOdds = head.apply(tf.zeros<tf.Rank.R2>([4, 256]), { training: false }); // [4, 1]
 * ```
 */
export function discriminatorHead(options: DiscriminatorHeadOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { width } = options;
  checkIntegers('discriminatorHead', { width });
  const start = { initializer: truncatedNormal(0.02), biasInitializer: zeros };
  const network = sequential<tf.Tensor2D, tf.Tensor2D>({
    dense: linear({ inputDim: width, outputDim: width, ...start }),
    gelu: stateless((x: tf.Tensor2D) => gelu(x)),
    output: linear({ inputDim: width, outputDim: 1, ...start }),
  });
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('discriminatorHead', input, { rank: 2, channels: width });
        return module.apply(input, apply);
      },
    };
  };
}
