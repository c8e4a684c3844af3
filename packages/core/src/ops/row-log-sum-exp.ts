import * as tf from '@tensorflow/tfjs-core';
import { oneHot } from './one-hot.ts';
import { hasKernel, runKernel } from './run-kernel.ts';

/** Which entries of a matrix do not count: those of row i whose column is (from + i) modulo `period`. */
export interface OmittedEntries {
  /** The number of the first row, ≥ 0. */
  from: number;
  /** ≥ 1, a divisor of the number of columns; that number itself leaves out one entry of each row. */
  period: number;
}

const KERNEL = 'SelfsupRowLogSumExp';
const GRADIENT_KERNEL = 'SelfsupRowLogSumExpGrad';

/** Applies the steps in turn and disposes what each of them consumed: two large matrices alive instead of one per step. */
function through(x: tf.Tensor2D, ...steps: readonly ((x: tf.Tensor2D) => tf.Tensor)[]): tf.Tensor2D {
  return steps.reduce<tf.Tensor2D>((input, step) => {
    const output = step(input) as tf.Tensor2D;
    input.dispose();
    return output;
  }, x);
}

/** 0 where an entry does not count, 1 elsewhere. */
function countedMask([rows, columns]: [number, number], { from, period }: OmittedEntries): tf.Tensor {
  return tf.tidy(() => {
    const places = Int32Array.from({ length: rows }, (_, i) => (from + i) % period);
    const once = tf.sub(1, oneHot(tf.tensor1d(places, 'int32'), period)); // [rows, period]
    return period === columns ? once : tf.tile(once, [1, columns / period]); // [rows, columns]
  });
}

const maskedBy =
  (counted: tf.Tensor | undefined) =>
  (x: tf.Tensor2D): tf.Tensor =>
    counted ? tf.mul(x, counted) : tf.clone(x);

/**
 * For each row the logarithm of the summed exponentials of the entries that count: log Σⱼ exp(logitsᵢⱼ). Consumes the logits.
 *
 * @param logits float32 `[rows, columns]`; disposed
 * @param omit entries that do not count; by default all do
 * @returns float32 `[rows]`
 * @remarks No gradient of its own: {@link rowLogSumExpGradient}. The largest counted entry of each row is subtracted before the exponential; an entry that does
 * not count first takes the place of the row's smallest and is then multiplied by zero, which needs no huge constant. Runs the kernel `SelfsupRowLogSumExp`
 * where the backend has it.
 */
export function rowLogSumExp(logits: tf.Tensor2D, omit?: OmittedEntries): tf.Tensor1D {
  if (hasKernel(KERNEL)) {
    const result = runKernel<tf.Tensor1D>(KERNEL, { logits }, { from: 0, period: 0, ...omit });
    logits.dispose();
    return result;
  }
  return tf.tidy(() => {
    const [rows] = logits.shape;
    const counted = omit && countedMask(logits.shape, omit);
    const masked = maskedBy(counted);
    const floor = counted ? tf.min(logits, 1, true) : tf.zeros([rows, 1]); // [rows, 1]
    const raised = through(logits, (x) => tf.sub(x, floor), masked); // counted entries >= 0, the others 0
    const top = tf.max(raised, 1, true); // [rows, 1]
    const sums = through(
      raised,
      (x) => tf.sub(x, top),
      tf.exp,
      masked,
      (x) => tf.sum(x, 1, true),
    ); // [rows, 1]
    return tf.reshape(tf.add(tf.add(tf.log(sums), top), floor), [rows]);
  });
}

/**
 * The gradient of {@link rowLogSumExp} towards the logits: dy · exp(logits − result), and 0 where an entry does not count. Consumes the logits.
 *
 * @param tensors `logits` float32 `[rows, columns]`, disposed; `result` of {@link rowLogSumExp} and `dy`, both float32 `[rows]`
 * @param omit the same as there
 * @returns float32 `[rows, columns]`
 * @remarks Runs the kernel `SelfsupRowLogSumExpGrad` where the backend has it.
 */
export function rowLogSumExpGradient(
  tensors: { logits: tf.Tensor2D; result: tf.Tensor; dy: tf.Tensor },
  omit?: OmittedEntries,
): tf.Tensor2D {
  const { logits, result, dy } = tensors;
  if (hasKernel(GRADIENT_KERNEL)) {
    const weights = runKernel<tf.Tensor2D>(GRADIENT_KERNEL, { logits, result, dy }, { from: 0, period: 0, ...omit });
    logits.dispose();
    return weights;
  }
  return tf.tidy(() => {
    const [rows] = logits.shape;
    const masked = maskedBy(omit && countedMask(logits.shape, omit));
    const [column, scale] = [tf.reshape(result, [rows, 1]), tf.reshape(dy, [rows, 1])];
    return through(
      logits,
      (x) => tf.sub(x, column),
      masked, // what does not count becomes 0: everything counted is below 0 but for rounding
      tf.exp,
      masked,
      (x) => tf.mul(x, scale),
    );
  });
}
