import { createRng, drawUniform } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { fillInSamples, sampleRows } from './fill-in-samples.ts';

const drawn = (seed: number, rows: number) => tf.tensor1d(drawUniform(createRng(seed), rows));

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  const start = async () => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
  };

  it('samples columns with the probabilities of the softmax', async () => {
    await start();
    tf.tidy(() => {
      const logits = [0, 1.5, -1e9, -0.5, 3, -1e9]; // two are impossible, the last among them
      const terms = logits.map(Math.exp);
      const total = terms.reduce((sum, x) => sum + x, 0);
      const rows = 40_000;
      const sampled = sampleRows(tf.tile(tf.tensor2d([logits]), [rows, 1]), drawn(1, rows));
      expect([sampled.dtype, sampled.shape]).toEqual(['int32', [rows]]);
      const counts = new Int32Array(logits.length);
      for (const column of sampled.dataSync()) counts[column]!++;
      counts.forEach((count, column) => {
        const p = terms[column]! / total;
        expect(Math.abs(count - rows * p), `column ${column}`).toBeLessThan(4 * Math.sqrt(rows * p * (1 - p)) + 1e-9);
      });
    });
  });

  it('depends on the stream, and takes each row as it is', async () => {
    await start();
    tf.tidy(() => {
      const sure = tf.tensor2d([[0, 90, 0], [90, 0, 0], [0, 0, 90], [0, 0, 90]]); // prettier-ignore
      for (let seed = 0; seed < 20; seed++) expect([...sampleRows(sure, drawn(seed, 4)).dataSync()]).toEqual([1, 0, 2, 2]);
      const even = tf.zeros<tf.Rank.R2>([50, 7]);
      const of = (seed: number) => [...sampleRows(even, drawn(seed, even.shape[0])).dataSync()];
      expect(of(1)).toEqual(of(1));
      expect(of(1)).not.toEqual(of(2));
    });
  });

  it('stays below a vocabulary of 30,522, whose probabilities add up to 1 only roughly', async () => {
    await start();
    tf.tidy(() => {
      const sampled = [...sampleRows(tf.zeros<tf.Rank.R2>([200, 30_522]), drawn(0, 200)).dataSync()];
      expect(Math.max(...sampled)).toBeLessThan(30_522);
      const mean = sampled.reduce((sum, x) => sum + x, 0) / sampled.length / 30_522;
      expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 200));
    });
  });

  it('puts samples where tokens were masked and tells which of them changed the text', async () => {
    await start();
    tf.tidy(() => {
      const ints = (...values: number[]) => tf.tensor1d(values, 'int32');
      const masked = {
        tokenIds: tf.zeros<tf.Rank.R2>([2, 3], 'int32'),
        positions: ints(0, 2, 4),
        labels: ints(1, 2, 0),
        weights: tf.tensor1d([1, 1, 0]),
      };
      const original = tf.tensor2d([[1, 0, 2], [1, 0, 2]], [2, 3], 'int32'); // prettier-ignore
      const logits = tf.tensor2d([[0, 90, 0], [90, 0, 0], [0, 0, 90]]); // prettier-ignore
      const { filledIds, replaced } = fillInSamples({ logits, masked, original }, createRng(0));
      expect([filledIds.dtype, filledIds.shape, replaced.dtype, replaced.shape]).toEqual(['int32', [2, 3], 'float32', [6]]);
      expect([...filledIds.dataSync()]).toEqual([1, 0, 0, 1, 0, 2]); // the first sample is the token itself, the third has no weight
      expect([...replaced.dataSync()]).toEqual([0, 0, 1, 0, 0, 0]);
    });
  });
});
