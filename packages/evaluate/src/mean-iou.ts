import { SelfsupError } from '@selfsup/core';
import { checkLabels } from './feature-matrix.ts';

/** What {@link meanIou} finds. */
export interface MeanIou {
  /** The mean of `perClass`, without classes that neither are there nor are predicted, in [0, 1]. */
  readonly meanIou: number;
  /** For each class the pixels of both over the pixels of either; NaN for a class that neither is there nor is predicted. */
  readonly perClass: readonly number[];
  /** The share of pixels that are classified rightly. */
  readonly pixelAccuracy: number;
}

/**
 * The mean intersection over union of predicted and true classes of pixels.
 *
 * @param predictions `[pixels]`: the predicted classes
 * @param labels `[pixels]`: the true classes, 0 … numClasses − 1
 * @param options `numClasses`, an integer ≥ 1
 * @returns see {@link MeanIou}
 * @throws SelfsupError `SELFSUP_SHAPE` when the lists have different lengths or no pixel, `SELFSUP_OPTION` on a class out of range
 * @see Everingham et al.: "The Pascal Visual Object Classes Challenge: A Retrospective", https://doi.org/10.1007/s11263-014-0733-5
 * @example
 * ```ts
 * import { meanIou } from '@selfsup/evaluate';
 * console.log(meanIou([0, 0, 1, 1], [0, 1, 1, 1], { numClasses: 2 }).meanIou); // (1/2 + 2/3) / 2
 * ```
 */
export function meanIou(predictions: ArrayLike<number>, labels: ArrayLike<number>, options: { numClasses: number }): MeanIou {
  const { numClasses } = options;
  const rows = labels.length;
  if (rows === 0) throw new SelfsupError('SELFSUP_SHAPE', 'meanIou: `labels` must have at least one pixel, got none');
  checkLabels('meanIou: `predictions`', predictions, { rows, numClasses });
  checkLabels('meanIou: `labels`', labels, { rows, numClasses });
  const [both, either] = [new Float64Array(numClasses), new Float64Array(numClasses)];
  let right = 0;
  for (let i = 0; i < rows; i++) {
    const [got, wanted] = [predictions[i]!, labels[i]!];
    either[wanted]!++;
    if (got === wanted) {
      both[wanted]!++;
      right++;
    } else either[got]!++;
  }
  const perClass = Array.from(both, (count, i) => count / either[i]!);
  const known = perClass.filter((value) => !Number.isNaN(value));
  return { meanIou: known.reduce((sum, value) => sum + value, 0) / known.length, perClass, pixelAccuracy: right / rows };
}
