import { drawNormal, SelfsupError, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of {@link attentionPool}. */
export interface AttentionPoolOptions {
  /** Columns of the tokens, a multiple of `numHeads`. */
  dim: number;
  /** Heads, an integer ≥ 1; default 1. */
  numHeads?: number;
}

/** A learned query that looks at the tokens of each sample; dispose it. */
export interface AttentionPool {
  /** `query` `[numHeads, dim / numHeads]`, `key` and `value` `[dim, dim]`, float32. */
  readonly trainable: VariableMap;
  /** float32 `[n, length, dim]` → `[n, dim]`. */
  apply(tokens: tf.Tensor3D, options?: ApplyOptions): tf.Tensor2D;
  /** Disposes the variables. */
  dispose(): void;
}

/**
 * Pools tokens by cross-attention: of each head a learned query weighs the values of the tokens by the softmax of its products with their keys.
 *
 * @param rng decides the first weights: normal with the deviation 1 / √dim, of the query 0.02
 * @param options see {@link AttentionPoolOptions}
 * @returns see {@link AttentionPool}
 * @throws SelfsupError `SELFSUP_OPTION` on heads that do not divide the columns; `apply` `SELFSUP_SHAPE` on tokens of other columns
 * @see Chen et al.: "Context Autoencoder for Self-Supervised Representation Learning", section 4 (attentive probing), https://arxiv.org/abs/2202.03026
 * @remarks Without biases, output projection or multilayer perceptron, as El-Nouby et al. have it (https://arxiv.org/abs/2401.08541).
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { attentionPool } from '@selfsup/evaluate';
 * import * as tf from '@tensorflow/tfjs-core';
 * const pool = attentionPool(createRng(0), { dim: 8, numHeads: 2 });
 * const pooled = pool.apply(tf.zeros<tf.Rank.R3>([4, 16, 8])); // [4, 8]
 * ```
 */
export function attentionPool(rng: Rng, options: AttentionPoolOptions): AttentionPool {
  const { dim, numHeads = 1 } = options;
  const width = dim / numHeads;
  if (!Number.isSafeInteger(dim) || !Number.isSafeInteger(numHeads) || numHeads < 1 || !Number.isSafeInteger(width) || width < 1)
    throw new SelfsupError('SELFSUP_OPTION', `attentionPool: \`dim\` must be a multiple of \`numHeads\` >= 1, got ${dim} and ${numHeads}`);
  const variable = (name: string, shape: [number, number], standardDeviation: number) =>
    tf.tidy(() => tf.variable(tf.tensor2d(drawNormal(rng.fold(name), shape[0] * shape[1], { standardDeviation }), shape)));
  const query = variable('query', [numHeads, width], 0.02);
  const key = variable('key', [dim, dim], dim ** -0.5);
  const value = variable('value', [dim, dim], dim ** -0.5);
  return {
    trainable: { query, key, value },
    apply(tokens) {
      const [n, length, columns] = tokens.shape;
      if (tokens.rank !== 3 || columns !== dim)
        throw new SelfsupError(
          'SELFSUP_SHAPE',
          `attentionPool: \`tokens\` must have shape [batch, length, ${dim}], got [${tokens.shape.join(', ')}]`,
        );
      return tf.tidy(() => {
        const flat = tf.reshape<tf.Rank.R2>(tokens, [n * length, dim]);
        // [heads, n · length, width]
        const split = (weights: tf.Tensor2D) =>
          tf.transpose<tf.Tensor3D>(tf.reshape(tf.matMul(flat, weights), [n * length, numHeads, width]), [1, 0, 2]);
        const products = tf.matMul(split(key), tf.reshape<tf.Rank.R3>(query, [numHeads, width, 1])); // [heads, n · length, 1]
        const shares = tf.softmax(tf.mul(tf.reshape(products, [numHeads * n, length]), width ** -0.5)); // [heads · n, length]
        const values = tf.reshape<tf.Rank.R3>(split(value), [numHeads * n, length, width]);
        const pooled = tf.matMul(tf.reshape<tf.Rank.R3>(shares, [numHeads * n, 1, length]), values); // [heads · n, 1, width]
        return tf.reshape<tf.Rank.R2>(tf.transpose(tf.reshape(pooled, [numHeads, n, width]), [1, 0, 2]), [n, dim]);
      });
    },
    dispose() {
      tf.dispose([query, key, value]);
    },
  };
}
