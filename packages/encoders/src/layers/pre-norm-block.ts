import * as tf from '@tensorflow/tfjs-core';
import { gelu, joinVariables, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import { checkRates, dropWhileTraining, isDropping, partOptions } from './apply-part.ts';
import { checkIntegers } from './check-option.ts';
import { createVariable } from './create-variable.ts';
import { xavierUniform, zeros, type Initializer } from './initializers.ts';
import { layerNorm } from './layer-norm.ts';
import { leafModule } from './leaf-module.ts';
import { linear } from './linear.ts';
import { recomputed } from './recomputed.ts';
import { selfAttention } from './self-attention.ts';
import type { TransformerModule } from './transformer-module.ts';

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
  /** Whether query, key and value have biases; default true. */
  qkvBias?: boolean;
  /** Initial factor of each column of the branches, as in LayerScale; default none: the branches are added as they are. */
  layerScale?: number;
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
 * `mlp/linear1/kernel` `[width, hiddenDim]`, `mlp/linear2/kernel` `[hiddenDim, width]` …; with `layerScale` also `layerScale1/scale`, of the attention, and
 * `layerScale2/scale`, `[width]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or a `dropPathRate` without `rng`; from `apply` `SELFSUP_SHAPE`
 * @see Dosovitskiy et al.: "An Image is Worth 16x16 Words", eq. 2 and 3, https://arxiv.org/abs/2010.11929
 * @see Huang et al.: "Deep Networks with Stochastic Depth", https://arxiv.org/abs/1603.09382
 * @see Touvron et al.: "Going deeper with Image Transformers", section 2, https://arxiv.org/abs/2103.17239, for LayerScale
 */
export function preNormBlock(options: PreNormBlockOptions): (rng: Rng) => TransformerModule {
  const { width, numHeads, hiddenDim = 4 * width, dropPathRate = 0, epsilon = 1e-6, initializer = xavierUniform } = options;
  const { qkvBias = true, layerScale } = options;
  checkIntegers('preNormBlock', { width, numHeads, hiddenDim });
  checkRates('preNormBlock', { dropPathRate });
  const attend = selfAttention({ width, numHeads, qkvBias, initializer });
  const norm = layerNorm<tf.Tensor2D>({ width, epsilon });
  const widen = linear({ inputDim: width, outputDim: hiddenDim, initializer, biasInitializer: zeros });
  const narrow = linear({ inputDim: hiddenDim, outputDim: width, initializer, biasInitializer: zeros });
  const scaled = (): Module<tf.Tensor2D, tf.Tensor2D> | undefined => {
    if (layerScale === undefined) return undefined;
    const scale = createVariable<tf.Rank.R1>(new Float32Array(width).fill(layerScale), [width], true);
    return leafModule({ trainable: { scale } }, (rows: tf.Tensor2D) => tf.mul<tf.Tensor2D>(rows, scale));
  };
  return (rng) => {
    const [scale1, scale2] = [scaled(), scaled()];
    const parts = {
      norm1: norm(rng),
      attention: attend(rng.fold('attention')),
      norm2: norm(rng),
      'mlp/linear1': widen(rng.fold('linear1')),
      'mlp/linear2': narrow(rng.fold('linear2')),
      ...(scale1 && scale2 && { layerScale1: scale1, layerScale2: scale2 }),
    };
    const states: TransformerModule['states'] = (input, apply) =>
      tf.tidy(() => {
        const [batch, length] = input.shape;
        const asRows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [batch * length, width]);
        const asSequences = (x: tf.Tensor) => tf.reshape<tf.Rank.R3>(x, [batch, length, width]);
        const dropPath = (branch: tf.Tensor3D, tag: string) => dropWhole(branch, apply, { rate: dropPathRate, tag });
        const attended = parts.attention.apply(asSequences(parts.norm1.apply(asRows(input), apply)), partOptions(apply, 'attention'));
        const first = scale1 ? asSequences(scale1.apply(asRows(attended), apply)) : attended;
        const x = tf.add(input, dropPath(first, 'attended')); // [batch, length, width]
        const hidden = gelu(parts['mlp/linear1'].apply(parts.norm2.apply(asRows(x), apply), apply)); // [batch * length, hiddenDim]
        const narrowed = parts['mlp/linear2'].apply(hidden, apply);
        const feedForward = asSequences(narrowed);
        const second = scale2 ? asSequences(scale2.apply(narrowed, apply)) : feedForward;
        return { feedForward, output: tf.add<tf.Tensor3D>(x, dropPath(second, 'mlp')) };
      });
    return recomputed({
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      apply: (input, apply) => tf.tidy(() => states(input, apply).output),
      states,
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    });
  };
}

/** One factor per sequence, 0 or 1/(1 − rate), on the whole of a branch. */
function dropWhole(branch: tf.Tensor3D, apply: ApplyOptions, { rate, tag }: { rate: number; tag: string }): tf.Tensor3D {
  if (!isDropping(apply) || rate === 0) return branch;
  return tf.mul(branch, dropWhileTraining(tf.ones([branch.shape[0], 1, 1]), apply, { rate, tag, who: 'preNormBlock' }));
}
