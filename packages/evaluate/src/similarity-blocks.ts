import { l2Normalize, nextTurn } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureMatrix } from './feature-matrix.ts';

/** The most similarities held at a time: 16 MiB of float32. */
const BLOCK_VALUES = 2 ** 22;

/** Cosines of a block of queries to all rows of a bank. Internal. */
export interface SimilarityBlock {
  /** The first query of the block. */
  readonly start: number;
  /** How many queries. */
  readonly count: number;
  /** Float32 `[count, rows]`, in [−1, 1] but for rounding; 0 where a row is of zeros. */
  readonly cosines: Float32Array;
}

/** Cosines of all queries to all rows of a bank, block by block, as float32 products on the backend. Internal. */
export async function* similarityBlocks(queries: FeatureMatrix, bank: FeatureMatrix): AsyncGenerator<SimilarityBlock, void, void> {
  const [numQueries, dim] = queries.shape;
  const [rows] = bank.shape;
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / rows));
  const unit = (data: Float32Array) => l2Normalize(tf.tensor2d(data, [data.length / dim, dim]));
  const to = tf.tidy(() => unit(bank.data)); // [rows, dim]
  try {
    for (let start = 0; start < numQueries; start += blockRows) {
      await nextTurn();
      const count = Math.min(blockRows, numQueries - start);
      const block = tf.tidy(() => tf.matMul(unit(queries.data.subarray(start * dim, (start + count) * dim)), to, false, true)); // [count, rows]
      const cosines = await block.data<'float32'>().finally(() => {
        block.dispose();
      });
      yield { start, count, cosines };
    }
  } finally {
    to.dispose();
  }
}
