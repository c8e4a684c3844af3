import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '../error.ts';

/** Options of {@link takeRows}. */
export interface TakeRowsOptions {
  /** How many leading axes `x` and `indices` have in common; default 0. */
  batchDims?: number;
}

/**
 * Takes rows by their numbers: y[b, i] = x[b, indices[b, i]], as an embedding does, or the choice of masked positions in each sequence.
 *
 * @param x float32 `[...batch, rows, ...row]`
 * @param indices int32 `[...batch, ...n]`, each in [0, rows)
 * @param options see {@link TakeRowsOptions}
 * @returns float32 `[...batch, ...n, ...row]`
 * @throws SelfsupError `SELFSUP_OPTION` on a `batchDims` that is no integer in [0, rank of `x`), `SELFSUP_SHAPE` when the batch axes differ,
 * `SELFSUP_DTYPE` when `indices` are not int32
 * @remarks The gradient adds the rows of dy up by number, in one operation. That of `tf.gather` copies both of its sides before and after, throws for two and
 * more batch axes, and for one where only tfjs-core is loaded. Beside batch axes an index outside [0, rows) is not noticed: it is a row of another batch.
 */
export function takeRows(x: tf.Tensor, indices: tf.Tensor, options: TakeRowsOptions = {}): tf.Tensor {
  const { batchDims = 0 } = options;
  if (!Number.isInteger(batchDims) || batchDims < 0 || batchDims >= x.rank)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `takeRows: \`batchDims\` must be an integer in [0, ${x.rank}), the rank of \`x\`, got ${batchDims}`,
    );
  const batch = x.shape.slice(0, batchDims);
  if (indices.dtype !== 'int32') throw new SelfsupError('SELFSUP_DTYPE', `takeRows: \`indices\` must be int32, got ${indices.dtype}`);
  if (batchDims > indices.rank || batch.some((size, axis) => size !== indices.shape[axis]))
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `takeRows: \`indices\` must start with the batch axes [${batch.join(', ')}] of \`x\`, got shape [${indices.shape.join(', ')}]`,
    );
  const rows = x.shape[batchDims]!;
  const row = x.shape.slice(batchDims + 1);
  const batches = batch.reduce((product, size) => product * size, 1);
  const take = tf.customGrad((input, save) => {
    const flat = tf.reshape(indices, [batches, -1]); // [batches, n]
    const places = batchDims === 0 ? flat : tf.add(flat, tf.expandDims(tf.range(0, batches * rows, rows, 'int32'), 1));
    const ids = tf.reshape(places, [-1]); // [batches * n], among all rows
    const value = tf.reshape(tf.gather(tf.reshape(input as tf.Tensor, [batches * rows, ...row]), ids), [...indices.shape, ...row]);
    (save as (tensors: tf.Tensor[]) => void)([ids]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      tf.tidy(() => {
        const [$ids] = saved as [tf.Tensor1D];
        return tf.reshape(tf.unsortedSegmentSum(tf.reshape(dy, [$ids.size, ...row]), $ids, batches * rows), x.shape);
      });
    return { value, gradFunc };
  });
  return take(x);
}
