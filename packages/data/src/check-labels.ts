import { SelfsupError } from '@selfsup/core';

/** Checks that there is one label per row, each an integer from 0 to `numClasses` − 1; gives a copy. */
export function checkLabels(
  who: string,
  labels: ArrayLike<number>,
  { length, unit, numClasses = 2 ** 31 }: { length: number; unit: string; numClasses?: number | undefined },
): Int32Array {
  if (labels.length !== length)
    throw new SelfsupError('SELFSUP_SHAPE', `${who}: \`labels\` must have one label per ${unit} (${length}), got ${labels.length}`);
  for (let i = 0; i < length; i++)
    if (!Number.isInteger(labels[i]) || labels[i]! < 0 || labels[i]! >= numClasses)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${who}: \`labels[${i}]\` must be an integer from 0 to ${numClasses - 1}, got ${String(labels[i])}`,
      );
  return Int32Array.from(labels);
}
