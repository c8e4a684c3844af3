import type { Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { readIds } from './read-ids.ts';

/**
 * Hides a random part of token sequences: ids in; corrupted ids, the hidden places in the flattened ids, what stood there and how much each counts out.
 * `maskTokens` of @selfsup/augment makes one.
 */
export type TokenMasking = (
  rows: { readonly tokenIds: Int32Array; readonly length: number },
  rng: Rng,
) => {
  readonly tokenIds: Int32Array;
  readonly positions: Int32Array;
  readonly labels: Int32Array;
  readonly weights: Float32Array;
};

/** A masked batch as tensors: `tokenIds` `[batch, length]`, the others `[n]`. A type alias, so that it is a `Targets`. */
export type MaskedTargets = Readonly<Record<'tokenIds', tf.Tensor2D> & Record<'positions' | 'labels' | 'weights', tf.Tensor1D>>;

/** Masks a batch on the host. */
export function maskBatch(masking: TokenMasking, tokenIds: tf.Tensor2D, rng: Rng): MaskedTargets {
  const masked = masking({ tokenIds: readIds(tokenIds), length: tokenIds.shape[1] }, rng);
  return {
    tokenIds: tf.tensor2d(masked.tokenIds, tokenIds.shape, 'int32'),
    positions: tf.tensor1d(masked.positions, 'int32'),
    labels: tf.tensor1d(masked.labels, 'int32'),
    weights: tf.tensor1d(masked.weights),
  };
}
