import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import { checkRates } from './apply-part.ts';
import { attendHeads } from './attend-heads.ts';
import { checkIntegers } from './check-option.ts';
import { kaimingUniform, zeros, type Initializer } from './initializers.ts';
import { linear } from './linear.ts';

/** Options of {@link selfAttention}. */
export interface SelfAttentionOptions {
  /** Columns of input and output, a multiple of `numHeads`. */
  width: number;
  /** Heads, ≥ 1; each attends with `width / numHeads` columns of query, key and value. */
  numHeads: number;
  /** How much of the attention is dropped while training, in [0, 1); default 0. */
  dropoutRate?: number;
  /** Whether query, key and value have biases; default true. */
  qkvBias?: boolean;
  /** Initial kernels; default {@link kaimingUniform}. Biases start as zeros. */
  initializer?: Initializer;
}

/** How attention runs. */
export interface AttentionApplyOptions extends ApplyOptions {
  /** Added to the scaled products before the softmax: float32, broadcastable to `[batch, heads, length, length]`, as `[batch, 1, 1, keys]`. */
  mask?: tf.Tensor;
}

/** A module over sequences that can be told which keys to leave out. */
export interface AttentionModule extends Module<tf.Tensor3D, tf.Tensor3D> {
  apply(input: tf.Tensor3D, options: AttentionApplyOptions): tf.Tensor3D;
}

/**
 * Multi-head self-attention: softmax(Q·Kᵀ/√(width/heads) + mask)·V in each head, and a linear layer over the heads together.
 *
 * @param options see {@link SelfAttentionOptions}
 * @returns a factory of modules from and to float32 `[batch, length, width]`, with the paths `query/kernel` `[width, width]`, `query/bias`, `key/…`,
 * `value/…`, `output/…`; head h owns the columns h·width/numHeads and following
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range or dropout without `rng`; from `apply` `SELFSUP_SHAPE`
 * @see Vaswani et al.: "Attention Is All You Need", section 3.2, https://arxiv.org/abs/1706.03762
 */
export function selfAttention(options: SelfAttentionOptions): (rng: Rng) => AttentionModule {
  const { width, numHeads, dropoutRate = 0, qkvBias = true, initializer = kaimingUniform } = options;
  checkIntegers('selfAttention', { width, numHeads });
  checkRates('selfAttention', { dropoutRate });
  if (width % numHeads !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `selfAttention: \`numHeads\` must divide the width ${width}, got ${numHeads}`);
  const square = { inputDim: width, outputDim: width, initializer, biasInitializer: zeros };
  const projection = linear({ ...square, bias: qkvBias });
  const join = linear(square);
  return (rng) => {
    const [query, key, value] = [projection(rng.fold('query')), projection(rng.fold('key')), projection(rng.fold('value'))];
    const output = join(rng.fold('output'));
    const parts = { query, key, value, output };
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      buffers: {},
      apply: (input, apply) =>
        tf.tidy(() => attendHeads(input, input, { who: 'selfAttention', layers: parts, numHeads, width, dropoutRate, apply })),
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
  };
}
