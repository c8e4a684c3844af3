import * as tf from '@tensorflow/tfjs-core';
import { gelu, joinVariables, type ApplyOptions, type Rng } from '@selfsup/core';
import { checkRates, dropWhileTraining, partOptions } from './apply-part.ts';
import { checkIntegers } from './check-option.ts';
import { xavierUniform, zeros, type Initializer } from './initializers.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { selfAttention, type AttentionModule } from './self-attention.ts';

/** Options of {@link preNormBlock}. */
export interface PreNormBlockOptions {
  /** Columns of input and output, a multiple of `numHeads`. */
  width: number;
  /** Heads of the attention, ≥ 1. */
  numHeads: number;
  /** Columns between the two linear layers; default 4 · `width`. */
  hiddenDim?: number;
  /** How often a branch is left out for a whole sequence while training, in [0, 1); default 0. The branches that stay are scaled up. */
  dropPathRate?: number;
  /** Added to the variances, > 0; default 1e-6 as in ViT. */
  epsilon?: number;
  /** Initial kernels; default {@link xavierUniform}. Biases start as zeros. */
  initializer?: Initializer;
}

/**
 * A block of the Transformer encoder with the normalization within each branch: y = x + attention(norm1(x)), then y + linear(GELU(linear(norm2(y)))).
 *
 * @param options see {@link PreNormBlockOptions}
 * @returns a factory of modules from and to float32 `[batch, length, width]`, with the paths `norm1/scale` …, `attention/query/kernel` …, `norm2/scale` …,
 * `mlp/linear1/kernel` `[width, hiddenDim]`, `mlp/linear2/kernel` `[hiddenDim, width]` …
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or a `dropPathRate` without `rng`; from `apply` `SELFSUP_SHAPE`
 * @see Dosovitskiy et al.: "An Image is Worth 16x16 Words", eq. 2 and 3, https://arxiv.org/abs/2010.11929
 * @see Huang et al.: "Deep Networks with Stochastic Depth", https://arxiv.org/abs/1603.09382
 */
export function preNormBlock(options: PreNormBlockOptions): (rng: Rng) => AttentionModule {
  const { width, numHeads, hiddenDim = 4 * width, dropPathRate = 0, epsilon = 1e-6, initializer = xavierUniform } = options;
  checkIntegers('preNormBlock', { width, numHeads, hiddenDim });
  checkRates('preNormBlock', { dropPathRate });
  const attend = selfAttention({ width, numHeads, initializer });
  const norm = layerNorm<tf.Tensor2D>({ width, epsilon });
  const widen = linear({ inputDim: width, outputDim: hiddenDim, initializer, biasInitializer: zeros });
  const narrow = linear({ inputDim: hiddenDim, outputDim: width, initializer, biasInitializer: zeros });
  return (rng) => {
    const parts = {
      norm1: norm(rng),
      attention: attend(rng.fold('attention')),
      norm2: norm(rng),
      'mlp/linear1': widen(rng.fold('linear1')),
      'mlp/linear2': narrow(rng.fold('linear2')),
    };
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      apply: (input, apply) =>
        tf.tidy(() => {
          const [batch, length] = input.shape;
          const asRows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [batch * length, width]);
          const asSequences = (x: tf.Tensor) => tf.reshape<tf.Rank.R3>(x, [batch, length, width]);
          const dropPath = (branch: tf.Tensor3D, tag: string) => dropWhole(branch, apply, { rate: dropPathRate, tag });
          const attended = parts.attention.apply(asSequences(parts.norm1.apply(asRows(input), apply)), partOptions(apply, 'attention'));
          const x = tf.add(input, dropPath(attended, 'attended')); // [batch, length, width]
          const hidden = gelu(parts['mlp/linear1'].apply(parts.norm2.apply(asRows(x), apply), apply)); // [batch * length, hiddenDim]
          return tf.add<tf.Tensor3D>(x, dropPath(asSequences(parts['mlp/linear2'].apply(hidden, apply)), 'mlp'));
        }),
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
  };
}

/** One factor per sequence, 0 or 1/(1 − rate), on the whole of a branch. */
function dropWhole(branch: tf.Tensor3D, apply: ApplyOptions, { rate, tag }: { rate: number; tag: string }): tf.Tensor3D {
  if (!apply.training || rate === 0) return branch;
  return tf.mul(branch, dropWhileTraining(tf.ones([branch.shape[0], 1, 1]), apply, { rate, tag, who: 'preNormBlock' }));
}
