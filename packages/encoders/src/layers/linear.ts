import * as tf from '@tensorflow/tfjs-core';
import type { ModuleFactory } from '@selfsup/core';
import { checkInput } from './check-input.ts';
import { checkIntegers } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { kaimingUniform, type Initializer } from './initializers.ts';
import { leafModule } from './leaf-module.ts';
import { addAdapter } from './low-rank-adapters.ts';

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Columns of the input, ≥ 1. */
  inputDim: number;
  /** Columns of the output, ≥ 1. */
  outputDim: number;
  /** Whether a bias is added; default true. */
  bias?: boolean;
  /** Initial kernel and bias; default {@link kaimingUniform}, PyTorch's default. */
  initializer?: Initializer;
  /** Initial bias where it differs from `initializer`. */
  biasInitializer?: Initializer;
}

/**
 * A linear layer: `x · kernel + bias`.
 *
 * @param options see {@link LinearOptions}
 * @returns a factory of modules from `[batch, inputDim]` to `[batch, outputDim]`, float32, with the variables `kernel` `[inputDim, outputDim]` and `bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `apply` `SELFSUP_SHAPE` and `SELFSUP_DTYPE`
 * @remarks PyTorch stores the transposed kernel, `[outputDim, inputDim]`.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { linear } from '@selfsup/encoders';
 * const classifier = linear({ inputDim: 512, outputDim: 10 })(createRng(0));
 * classifier.dispose();
 * ```
 */
export function linear(options: LinearOptions): ModuleFactory<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, outputDim, bias = true, initializer = kaimingUniform, biasInitializer = initializer } = options;
  checkIntegers('linear', { inputDim, outputDim });
  const fan = { fanIn: inputDim, fanOut: outputDim };
  return (rng) => {
    const kernel = createVariable<tf.Rank.R2>(initializer(rng.fold('kernel'), inputDim * outputDim, fan), [inputDim, outputDim], true);
    const offset = bias ? createVariable<tf.Rank.R1>(biasInitializer(rng.fold('bias'), outputDim, fan), [outputDim], true) : undefined;
    return leafModule({ trainable: offset ? { kernel, bias: offset } : { kernel } }, (input) => {
      checkInput('linear', input, { rank: 2, channels: inputDim });
      // fused: the bias costs no pass over the output where the backend adds it within the product
      const output = offset
        ? (tf.fused.matMul({ a: input, b: kernel, bias: offset }) as tf.Tensor2D)
        : tf.matMul<tf.Tensor2D>(input, kernel);
      return addAdapter(input, kernel, output);
    });
  };
}
