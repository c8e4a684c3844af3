import type * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Checks once that a tensor has one entry per row.
 *
 * @param who the public function, for the message
 * @param argument its name, the tensor, how many entries and, where it matters, which type
 * @throws SelfsupError `SELFSUP_SHAPE` or `SELFSUP_DTYPE`
 */
export function checkPerRow(who: string, argument: { name: string; tensor: tf.Tensor; rows: number; dtype?: tf.DataType }): void {
  const { name, tensor, rows, dtype } = argument;
  if (tensor.rank !== 1 || tensor.shape[0] !== rows)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${who}: \`${name}\` must have shape [${rows}], one for each row, got [${tensor.shape.join(', ')}]`,
    );
  if (dtype && tensor.dtype !== dtype) throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`${name}\` must be ${dtype}, got ${tensor.dtype}`);
}

/** Checks that logits are float32 `[n ≥ 1, classes ≥ 1]`, labels int32 `[n]` and weights, if there are any, float32 `[n]`. */
export function checkClassification(who: string, tensors: { logits: tf.Tensor; labels: tf.Tensor; weights: tf.Tensor | undefined }): void {
  const { logits, labels, weights } = tensors;
  if (logits.rank !== 2 || logits.size === 0)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`logits\` must have shape [n >= 1, classes >= 1], got [${logits.shape.join(', ')}]`);
  if (logits.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`logits\` must be float32, got ${logits.dtype}`);
  const rows = logits.shape[0];
  checkPerRow(who, { name: 'labels', tensor: labels, rows, dtype: 'int32' });
  if (weights) checkPerRow(who, { name: 'weights', tensor: weights, rows, dtype: 'float32' });
}

/** Checks that logits are float32 `[n ≥ 1]`, labels `[n]` and weights, if there are any, float32 `[n]`. */
export function checkBinary(who: string, tensors: { logits: tf.Tensor; labels: tf.Tensor; weights: tf.Tensor | undefined }): void {
  const { logits, labels, weights } = tensors;
  if (logits.rank !== 1 || logits.size === 0)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`logits\` must have shape [n >= 1], got [${logits.shape.join(', ')}]`);
  if (logits.dtype !== 'float32') throw new SelfsupError('SELFSUP_DTYPE', `${who}: \`logits\` must be float32, got ${logits.dtype}`);
  checkPerRow(who, { name: 'labels', tensor: labels, rows: logits.size });
  if (weights) checkPerRow(who, { name: 'weights', tensor: weights, rows: logits.size, dtype: 'float32' });
}
