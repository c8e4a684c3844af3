import * as tf from '@tensorflow/tfjs-core';
import { gelu, joinVariables, type Rng } from '@selfsup/core';
import { checkRates, dropWhileTraining, partOptions } from './apply-part.ts';
import { checkIntegers } from './check-option.ts';
import { kaimingUniform, zeros, type Initializer } from './initializers.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { recomputed } from './recomputed.ts';
import { selfAttention, type AttentionApplyOptions } from './self-attention.ts';
import type { TransformerModule } from './transformer-module.ts';

/** Options of {@link transformerBlock}. */
export interface TransformerBlockOptions {
  /** Columns of input and output, a multiple of `numHeads`. */
  width: number;
  /** Heads of the attention, ≥ 1. */
  numHeads: number;
  /** Columns between the two linear layers; default 4 · `width`. */
  hiddenDim?: number;
  /** How much of each branch is dropped before it is added, while training, in [0, 1); default 0. */
  dropoutRate?: number;
  /** How much of the attention is dropped while training, in [0, 1); default 0. */
  attentionDropoutRate?: number;
  /** Added to the variances, > 0; default 1e-12 as in BERT. */
  epsilon?: number;
  /** Initial kernels; default {@link kaimingUniform}. Biases start as zeros. */
  initializer?: Initializer;
}

/** How a block runs. */
export interface BlockApplyOptions extends AttentionApplyOptions {
  /** What becomes of the states `[batch, length, width]` between attention and perceptron, such as the cross-attention of a decoder; default nothing. */
  between?: (states: tf.Tensor3D) => tf.Tensor3D;
}

/** A block of a Transformer. */
export interface TransformerBlock extends TransformerModule {
  apply(input: tf.Tensor3D, options: BlockApplyOptions): tf.Tensor3D;
  states(input: tf.Tensor3D, options: BlockApplyOptions): ReturnType<TransformerModule['states']>;
}

/**
 * A block of the Transformer encoder with the normalization after each addition: y = norm(x + attention(x)), then norm(y + linear(GELU(linear(y)))).
 *
 * @param options see {@link TransformerBlockOptions}
 * @returns a factory of modules from and to float32 `[batch, length, width]`, with the paths `attention/query/kernel` … `attention/output/bias`,
 * `attention/norm/scale`, `intermediate/kernel` `[width, hiddenDim]`, `output/kernel` `[hiddenDim, width]`, `norm/scale` …
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or dropout without `rng`; from `apply` `SELFSUP_SHAPE`
 * @see Vaswani et al.: "Attention Is All You Need", section 3.1, https://arxiv.org/abs/1706.03762; GELU by the error function as in BERT
 */
export function transformerBlock(options: TransformerBlockOptions): (rng: Rng) => TransformerBlock {
  const { width, numHeads, hiddenDim = 4 * width, dropoutRate = 0, attentionDropoutRate = 0 } = options;
  const { epsilon = 1e-12, initializer = kaimingUniform } = options;
  checkIntegers('transformerBlock', { width, numHeads, hiddenDim });
  checkRates('transformerBlock', { dropoutRate, attentionDropoutRate });
  const attend = selfAttention({ width, numHeads, dropoutRate: attentionDropoutRate, initializer });
  const norm = layerNorm<tf.Tensor2D>({ width, epsilon });
  const widen = linear({ inputDim: width, outputDim: hiddenDim, initializer, biasInitializer: zeros });
  const narrow = linear({ inputDim: hiddenDim, outputDim: width, initializer, biasInitializer: zeros });
  return (rng) => {
    const parts = {
      attention: attend(rng.fold('attention')),
      'attention/norm': norm(rng),
      intermediate: widen(rng.fold('intermediate')),
      output: narrow(rng.fold('output')),
      norm: norm(rng),
    };
    const states: TransformerBlock['states'] = (input, { between, ...apply }) =>
      tf.tidy(() => {
        const [batch, length] = input.shape;
        const asRows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [batch * length, width]);
        const drop = (x: tf.Tensor2D, tag: string) => dropWhileTraining(x, apply, { rate: dropoutRate, tag, who: 'transformerBlock' });
        const attended = asRows(parts.attention.apply(input, partOptions(apply, 'attention')));
        const seen = parts['attention/norm'].apply(tf.add(asRows(input), drop(attended, 'attended')), apply); // [batch * length, width]
        const x = between ? asRows(between(tf.reshape(seen, [batch, length, width]))) : seen;
        const hidden = gelu(parts.intermediate.apply(x, apply)); // [batch * length, hiddenDim]
        const narrowed = parts.output.apply(hidden, apply);
        const y = parts.norm.apply(tf.add(x, drop(narrowed, 'output')), apply);
        return { feedForward: tf.reshape(narrowed, [batch, length, width]), output: tf.reshape(y, [batch, length, width]) };
      });
    const block: TransformerBlock = {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      apply: (input, apply) => tf.tidy(() => states(input, apply).output),
      states,
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
    const frugal = recomputed(block);
    // what comes between reads tensors and variables that the block does not know, and whose gradients it could not give
    return { ...block, apply: (input, options) => (options.between ? block : frugal).apply(input, options) };
  };
}
