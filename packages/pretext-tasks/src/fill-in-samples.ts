import { drawUniform, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { MaskedTargets } from './token-masking.ts';

/**
 * Chooses one column for each row with the probabilities softmax(logits): the first whose cumulated probability exceeds a uniform draw `[rows]`.
 *
 * @remarks One draw a row, where the Gumbel trick needs one for each logit.
 */
export function sampleRows(logits: tf.Tensor2D, draws: tf.Tensor1D): tf.Tensor1D {
  return tf.tidy(() => {
    const columns = logits.shape[1];
    const cumulated = tf.cumsum(tf.softmax(logits), 1); // [rows, columns]
    const total = tf.slice(cumulated, [0, columns - 1], [-1, 1]); // 1 but for rounding
    const threshold = tf.mul(total, tf.expandDims(draws, 1));
    const passed = tf.sum(tf.cast(tf.lessEqual(cumulated, threshold), 'int32'), 1); // [rows]
    return tf.minimum<tf.Tensor1D>(passed, tf.scalar(columns - 1, 'int32')); // where rounding lets the draw reach the total
  });
}

/** Sequences with samples in place of masked tokens: `filledIds` `[batch, length]`, and `replaced` float32 `[batch · length]`, 1 where that changed a token. */
export type FilledTargets = Readonly<Record<'filledIds', tf.Tensor2D> & Record<'replaced', tf.Tensor1D>>;

/** Samples the masked tokens from a generator's logits `[n, vocabularySize]`. */
export function fillInSamples(given: { logits: tf.Tensor2D; masked: MaskedTargets; original: tf.Tensor2D }, rng: Rng): FilledTargets {
  const { logits, masked, original } = given;
  // a draw for each token, hidden or not, so that one is not changed by what is hidden in other sequences
  const draws = tf.tensor1d(drawUniform(rng, original.size));
  const sampled = sampleRows(logits, tf.gather(draws, masked.positions));
  const change = tf.mul(tf.sub(sampled, masked.labels), tf.cast(masked.weights, 'int32')); // [n]; a position of weight 0 keeps its token
  const changes = tf.scatterND(tf.expandDims(masked.positions, 1), change, [original.size]); // [batch * length], each position once
  return {
    filledIds: tf.add(original, tf.reshape(changes, original.shape)),
    replaced: tf.cast(tf.notEqual(changes, 0), 'float32'),
  };
}
