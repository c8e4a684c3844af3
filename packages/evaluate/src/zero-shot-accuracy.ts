import { SelfsupError } from '@selfsup/core';
import { accuracy } from './accuracy.ts';
import { checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';
import { unitRows } from './unit-rows.ts';

/** Options of {@link zeroShotAccuracy}. */
export interface ZeroShotOptions {
  /** `[images]`: the true class of each image. */
  labels: ArrayLike<number>;
  /** Texts of each class, an integer ≥ 1; default 1. */
  numTemplates?: number;
}

/**
 * One direction for each class: the mean of the unit features of its texts.
 *
 * @param texts `[classes · numTemplates, dim]`: the features of all texts of the first class, then of the second …
 * @param numTemplates texts of each class, an integer ≥ 1
 * @returns float32 `[classes, dim]`, not of unit length
 * @throws SelfsupError `SELFSUP_SHAPE` when the rows are not a multiple of `numTemplates`
 * @see Radford et al.: "Learning Transferable Visual Models From Natural Language Supervision", section 3.1.4, https://arxiv.org/abs/2103.00020
 * @example
 * ```ts
 * import { averageTemplates } from '@selfsup/evaluate';
 * const { shape } = averageTemplates({ data: new Float32Array(24), shape: [6, 4] }, 3);
 * console.log(shape); // [2, 4]
 * ```
 */
export function averageTemplates(texts: FeatureMatrix, numTemplates: number): FeatureMatrix {
  const [rows, dim] = texts.shape;
  if (!Number.isSafeInteger(numTemplates) || numTemplates < 1 || rows % numTemplates !== 0)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `averageTemplates: \`texts\` must have ${numTemplates} rows for each class, got ${rows} rows in all`,
    );
  const unit = unitRows(texts);
  const classes = rows / numTemplates;
  const data = new Float32Array(classes * dim);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < dim; j++) data[Math.floor(row / numTemplates) * dim + j]! += unit[row * dim + j]! / numTemplates;
  return { data, shape: [classes, dim] };
}

/**
 * Zero-shot classification: how often the text nearest to an image, among one for each class, is that of its class.
 *
 * @param images `[images, dim]`: features of images
 * @param texts `[classes · numTemplates, dim]`: features of texts in the same space, those of a class one after another, see {@link averageTemplates}
 * @param options see {@link ZeroShotOptions}
 * @returns the share of right predictions, in [0, 1]
 * @throws SelfsupError `SELFSUP_SHAPE` when columns or numbers of rows do not fit, `SELFSUP_OPTION` on a label out of range, `SELFSUP_NON_FINITE` on features
 * that are not finite
 * @see Radford et al.: "Learning Transferable Visual Models From Natural Language Supervision", section 3.1, https://arxiv.org/abs/2103.00020
 * @example
 * ```ts
 * import { zeroShotAccuracy } from '@selfsup/evaluate';
 * const rows = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] as const };
 * console.log(await zeroShotAccuracy(rows, rows, { labels: [0, 1] })); // 1
 * ```
 */
export async function zeroShotAccuracy(
  images: FeatureMatrix,
  texts: FeatureMatrix,
  { labels, numTemplates = 1 }: ZeroShotOptions,
): Promise<number> {
  const classes = averageTemplates(texts, numTemplates);
  checkLabels('zeroShotAccuracy: `labels`', labels, { rows: images.shape[0], numClasses: classes.shape[0] });
  const { indices } = await nearestNeighbors(images, classes, { k: 1 });
  return accuracy(indices, labels);
}
