import { SelfsupError } from '@selfsup/core';

/**
 * The share of predictions that are right.
 *
 * @param predictions one class per item
 * @param labels the true class of each item
 * @returns in [0, 1]
 * @throws SelfsupError `SELFSUP_SHAPE` when the lengths differ or are 0
 */
export function accuracy(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (predictions.length !== labels.length || labels.length === 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `accuracy: \`labels\` must have as many items as \`predictions\`, at least one, got ${labels.length} for ${predictions.length}`,
    );
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) right++;
  return right / labels.length;
}
