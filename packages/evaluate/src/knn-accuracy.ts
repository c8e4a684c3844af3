import { accuracy } from './accuracy.ts';
import { checkLabels } from './feature-matrix.ts';
import { weightedKnn, type WeightedKnnOptions } from './weighted-knn.ts';

/** Options of {@link knnAccuracy}. */
export interface KnnAccuracyOptions extends WeightedKnnOptions {
  /** The true class of each query. */
  queryLabels: ArrayLike<number>;
}

/**
 * The accuracy of {@link weightedKnn}: how well the classes of the bank predict those of the queries.
 *
 * @param options see {@link KnnAccuracyOptions}
 * @returns the share of right predictions, in [0, 1]
 * @throws SelfsupError as {@link weightedKnn}, and `SELFSUP_SHAPE` or `SELFSUP_OPTION` when `queryLabels` do not fit
 * @example
 * ```ts
 * import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
 * const features = await extractFeatures(backbone, trainBatches);
 * const queries = await extractFeatures(backbone, testBatches);
 * const percent = 100 * (await knnAccuracy({ features, labels, queries, queryLabels, numClasses: 10 }));
 * ```
 */
export async function knnAccuracy(options: KnnAccuracyOptions): Promise<number> {
  const { queryLabels, queries } = options;
  // a class that only the queries have cannot be predicted; it counts as wrong
  checkLabels('knnAccuracy: `queryLabels`', queryLabels, { rows: queries.shape[0], numClasses: options.numClasses ?? 2 ** 31 });
  return accuracy(await weightedKnn(options), queryLabels);
}
