import * as tf from '@tensorflow/tfjs-core';
import { standardizeRows } from './standardize-rows.ts';

/** The mean of the states float32 `[n, length, width]` of several blocks, those of each normalized over their columns: `[n · length, width]`. Internal. */
export function averageBlocks(blocks: readonly tf.Tensor3D[]): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = blocks.map((states) => standardizeRows(tf.reshape<tf.Rank.R2>(states, [-1, states.shape[2]])));
    return tf.div<tf.Tensor2D>(tf.addN(rows), rows.length);
  });
}
