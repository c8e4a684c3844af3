import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { extractFeatures } from './extract-features.ts';

/** Doubles its input in evaluation mode; in training mode it would also count. */
const doubling = (apply: (x: tf.Tensor2D) => tf.Tensor = (x) => tf.mul(x, 2)): Module<tf.Tensor2D> & { modes: boolean[] } => {
  const modes: boolean[] = [];
  return { modes, trainable: {}, buffers: {}, apply: (x, { training }) => (modes.push(training), apply(x)), dispose: () => undefined };
};
async function* batchesOf(made: tf.Tensor2D[], ...sizes: number[]) {
  let next = 0;
  for (const size of sizes) {
    await Promise.resolve();
    const batch = tf.tidy(() => tf.tensor2d(Array.from({ length: size * 3 }, () => next++), [size, 3])); // prettier-ignore
    made.push(batch);
    yield batch;
  }
}

describe('extractFeatures', () => {
  it('gathers all batches in order, in evaluation mode, and disposes them', async () => {
    const backbone = doubling();
    const made: tf.Tensor2D[] = [];
    const progress: number[] = [];
    const { data, shape } = await extractFeatures(backbone, batchesOf(made, 2, 2, 1), { onProgress: (rows) => progress.push(rows) });
    expect(shape).toEqual([5, 3]);
    expect([...data]).toEqual(Array.from({ length: 15 }, (_, i) => 2 * i));
    expect(backbone.modes).toEqual([false, false, false]);
    expect(progress).toEqual([2, 4, 5]);
    expect(made.every((batch) => batch.isDisposed)).toBe(true);
  });

  it('takes a plain list and a network that returns its input', async () => {
    const { data } = await extractFeatures(
      doubling((x) => x),
      [tf.tensor2d([[1, 2]])],
    );
    expect([...data]).toEqual([1, 2]);
  });

  it('leaves nothing behind when the network fails, gives another shape, or the caller stops', async () => {
    const boom = () => {
      throw new Error('boom');
    };
    await expect(extractFeatures(doubling(boom), batchesOf([], 2, 2))).rejects.toThrow('boom');
    await expect(extractFeatures(doubling((x) => tf.sum(x)), batchesOf([], 2))).rejects.toThrow('`backbone` must give [2, dim] for a batch of shape [2, 3], got []'); // prettier-ignore
    await expect(extractFeatures(doubling((x) => tf.tile(x, [1, x.shape[0]])), batchesOf([], 2, 1))).rejects.toThrow('must give [1, 6]'); // prettier-ignore
    await expect(extractFeatures(doubling(), batchesOf([]))).rejects.toMatchObject({ code: 'SELFSUP_DATA' });
    await expect(extractFeatures(doubling(), batchesOf([], 2), { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });
});
