import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ApplyOptions, type VariableMap } from '@selfsup/core';
import type { FeatureEncoder } from './labeled-examples.ts';
import type { TokenInput } from './token-classification.ts';

/** An encoder of token sequences, such as `bertTiny()(rng)`. */
export interface TokenEncoder {
  /** What is trained. */
  readonly trainable: VariableMap;
  /** The hidden states, float32 `[batch, length, width]`. */
  encode(sequences: TokenInput, options: ApplyOptions): tf.Tensor3D;
}

/** Options of {@link poolTokens}. */
export interface PoolTokensOptions {
  /** `'first'` (default): the first token's state, `[CLS]`; `'mean'`: the mean over all tokens, filling left out. */
  pooling?: 'first' | 'mean';
}

/**
 * Makes an encoder of texts of an encoder of tokens.
 *
 * @param encoder see {@link TokenEncoder}; it stays the caller's
 * @param options see {@link PoolTokensOptions}
 * @returns an encoder from {@link TokenInput} to float32 `[batch, width]`, with the variables of `encoder`
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown pooling
 * @see Devlin et al.: "BERT", section 4, https://arxiv.org/abs/1810.04805, for the first token; Reimers, Gurevych: "Sentence-BERT", section 3,
 * https://arxiv.org/abs/1908.10084, for the mean
 * @remarks There is no pooler (BERT's dense layer with tanh): a classifier on top learns what it needs.
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { bertTiny } from '@selfsup/encoders';
 * import { poolTokens } from '@selfsup/evaluate';
 * const encoder = poolTokens(bertTiny()(createRng(0)), { pooling: 'mean' });
 * ```
 */
export function poolTokens(encoder: TokenEncoder, options: PoolTokensOptions = {}): FeatureEncoder<TokenInput> {
  const { pooling = 'first' } = options;
  if (pooling !== 'first' && pooling !== 'mean')
    throw new SelfsupError('SELFSUP_OPTION', `poolTokens: \`pooling\` must be first or mean, got ${String(pooling)}`);
  return {
    trainable: encoder.trainable,
    apply: (input, apply) =>
      tf.tidy(() => {
        const states = encoder.encode(input, apply); // [batch, length, width]
        const [batch, , width] = states.shape;
        if (pooling === 'first') return tf.reshape(tf.slice(states, [0, 0, 0], [batch, 1, width]), [batch, width]);
        const mask = tf.expandDims(tf.cast(input.attentionMask, 'float32'), 2); // [batch, length, 1]
        return tf.div(tf.sum(tf.mul(states, mask), 1), tf.sum(mask, 1)); // [batch, width]
      }),
  };
}
