import * as tf from '@tensorflow/tfjs-core';
import { gelu, joinVariables, type Module, type Rng } from '@selfsup/core';
import { checkIntegers } from './layers/check-option.ts';
import { xavierUniform, zeros } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import { linear } from './layers/linear.ts';

/** Options of {@link residualMlp}. */
export interface ResidualMlpOptions {
  /** Columns of the input and of all blocks. */
  inputDim: number;
  /** Columns of the output. */
  outputDim: number;
  /** Blocks, ≥ 0; default 12, as in AIM. */
  numLayers?: number;
  /** Columns between the two linear layers of a block; default 4 · `inputDim`. */
  hiddenDim?: number;
}

/**
 * The prediction head of AIM: blocks of a transformer without their attention, x + linear(GELU(linear(norm(x)))), a last normalization, a linear layer.
 *
 * @param options see {@link ResidualMlpOptions}
 * @returns a factory of modules from float32 `[n, inputDim]` to `[n, outputDim]` with the paths `block1/norm/scale` …, `block1/linear1/kernel`
 * `[inputDim, hiddenDim]`, `block1/linear2/kernel` …, `norm/scale`, `norm/offset`, `output/kernel` `[inputDim, outputDim]`, `output/bias`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range
 * @see El-Nouby et al.: "Scalable Pre-training of Large Autoregressive Image Models", section 3.3, https://arxiv.org/abs/2401.08541
 * @remarks Kernels start Xavier-uniform, biases as zeros; epsilon 1e-6.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { residualMlp } from '@selfsup/encoders';
 * const head = residualMlp({ inputDim: 96, outputDim: 48, numLayers: 2 })(createRng(0));
 * head.dispose();
 * ```
 */
export function residualMlp(options: ResidualMlpOptions): (rng: Rng) => Module<tf.Tensor2D, tf.Tensor2D> {
  const { inputDim, outputDim, numLayers = 12, hiddenDim = 4 * inputDim } = options;
  checkIntegers('residualMlp', { inputDim, outputDim, hiddenDim });
  checkIntegers('residualMlp', { numLayers }, 0);
  const initial = { initializer: xavierUniform, biasInitializer: zeros };
  const makeNorm = layerNorm<tf.Tensor2D>({ width: inputDim, epsilon: 1e-6 });
  const widen = linear({ inputDim, outputDim: hiddenDim, ...initial });
  const narrow = linear({ inputDim: hiddenDim, outputDim: inputDim, ...initial });
  const finish = linear({ inputDim, outputDim, ...initial });
  return (rng) => {
    const blocks = Array.from({ length: numLayers }, (_, i) => {
      const own = rng.fold(`block${i + 1}`);
      return { norm: makeNorm(own), linear1: widen(own.fold('linear1')), linear2: narrow(own.fold('linear2')) };
    });
    const [norm, output] = [makeNorm(rng), finish(rng.fold('output'))];
    const inBlocks = blocks.flatMap((block, i) => Object.entries(block).map(([name, part]) => [`block${i + 1}/${name}`, part] as const));
    const parts: Readonly<Record<string, Module<tf.Tensor2D, tf.Tensor2D>>> = { ...Object.fromEntries(inBlocks), norm, output };
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      apply: (input, apply) =>
        tf.tidy(() => {
          let x = input;
          for (const block of blocks) {
            const hidden = gelu(block.linear1.apply(block.norm.apply(x, apply), apply)); // [n, hiddenDim]
            x = tf.add(x, block.linear2.apply(hidden, apply));
          }
          return output.apply(norm.apply(x, apply), apply);
        }),
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
  };
}
