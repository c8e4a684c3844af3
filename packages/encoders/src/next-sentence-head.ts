import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkInput } from './layers/check-input.ts';
import { checkIntegers } from './layers/check-option.ts';
import { truncatedNormal, zeros } from './layers/initializers.ts';
import { linear } from './layers/linear.ts';
import { sequential } from './layers/sequential.ts';
import { stateless } from './layers/stateless.ts';

/** Options of {@link nextSentenceHead}. */
export interface NextSentenceHeadOptions {
  /** Columns of the hidden states: the encoder's `outputDim`, ≥ 1. */
  width: number;
}

/**
 * BERT's head of next-sentence prediction: the pooler, linear and tanh, then a linear layer to two logits.
 *
 * @param options see {@link NextSentenceHeadOptions}
 * @returns a factory of modules from the first token's state `[batch, width]` to the logits `[batch, 2]`, float32, of "the second segment follows the first" and
 * "it does not", with the paths `pooler/kernel` `[width, width]`, `pooler/bias`, `output/kernel` `[width, 2]` and `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @see Devlin et al.: "BERT", section 3.1, task 2, https://arxiv.org/abs/1810.04805
 * @remarks Kernels start truncated normal with deviation 0.02, biases as zeros. Hugging Face's names: `bert.pooler.dense` is `pooler`,
 * `cls.seq_relationship` is `output`; kernels transposed.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { nextSentenceHead } from '@selfsup/encoders';
 * import * as tf from '@tensorflow/tfjs-core';
 * const head = nextSentenceHead({ width: 128 })(createRng(0));
 * const logits = head.apply(tf.zeros<tf.Rank.R2>([4, 128]), { training: false }); // [4, 2]
 * ```
 */
export function nextSentenceHead(options: NextSentenceHeadOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { width } = options;
  checkIntegers('nextSentenceHead', { width });
  const start = { initializer: truncatedNormal(0.02), biasInitializer: zeros };
  const network = sequential<tf.Tensor2D, tf.Tensor2D>({
    pooler: linear({ inputDim: width, outputDim: width, ...start }),
    tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
    output: linear({ inputDim: width, outputDim: 2, ...start }),
  });
  return (rng) => {
    const module = network(rng);
    return {
      ...module,
      apply(input, apply) {
        checkInput('nextSentenceHead', input, { rank: 2, channels: width });
        return module.apply(input, apply);
      },
    };
  };
}
