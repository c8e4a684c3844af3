import { SelfsupError } from '@selfsup/core';
import { checkFeatures, checkLabels, type FeatureMatrix } from './feature-matrix.ts';
import { similarityBlocks } from './similarity-blocks.ts';

/** Options of {@link retrieval}. */
export interface RetrievalOptions {
  /** Float32 `[rows, dim]`: what is searched. */
  features: FeatureMatrix;
  /** The class of each row. */
  labels: ArrayLike<number>;
  /** Float32 `[queries, dim]`: what is searched for; default each row among all others. */
  queries?: FeatureMatrix;
  /** The class of each query; needed with `queries`. */
  queryLabels?: ArrayLike<number>;
  /** How many of the most similar rows are looked at; integers ≥ 1, default [1, 5, 10]. */
  ks?: readonly number[];
}

/** What {@link retrieval} finds. */
export interface RetrievalResult {
  /** For each k the share of queries that have a row of their class among the k most similar ones, in [0, 1]. */
  readonly recall: Readonly<Record<number, number>>;
  /** The mean over the queries of the average precision of the whole ranking, in [0, 1]. */
  readonly meanAveragePrecision: number;
  /** Queries that have a row of their class to be found; the others are left out. */
  readonly queries: number;
}

/**
 * Judges features by search: are the most similar rows of the class of the query?
 *
 * @param options see {@link RetrievalOptions}; similarity is the cosine
 * @returns see {@link RetrievalResult}
 * @throws SelfsupError `SELFSUP_SHAPE` when shapes or the number of labels do not fit, `SELFSUP_OPTION` on a label or a k out of range, `SELFSUP_DATA` when no
 * query has a row of its class, `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Musgrave et al.: "A Metric Learning Reality Check", https://arxiv.org/abs/2003.08505
 * @remarks Recall at k as in metric learning: one hit is enough. The average precision is the mean of the precision at each hit. Of equally similar rows the first comes first.
 * O(queries · rows · log rows).
 * @example
 * ```ts
 * import { retrieval } from '@selfsup/evaluate';
 * const features = { data: Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.2, 0.9), shape: [4, 2] } as const;
 * const { recall, meanAveragePrecision } = await retrieval({ features, labels: [0, 0, 1, 1], ks: [1] });
 * console.log(recall[1], meanAveragePrecision); // 1, 1
 * ```
 */
export async function retrieval(options: RetrievalOptions): Promise<RetrievalResult> {
  const { features, labels, queries = features, queryLabels = labels, ks = [1, 5, 10] } = options;
  const self = options.queries === undefined;
  checkFeatures('retrieval: `features`', features);
  checkFeatures('retrieval: `queries`', queries);
  const [rows, dim] = features.shape;
  if (queries.shape[1] !== dim)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `retrieval: \`queries\` must have dim ${dim} like \`features\`, got shape [${queries.shape.join(', ')}]`,
    );
  checkLabels('retrieval: `labels`', labels, { rows, numClasses: 2 ** 31 });
  checkLabels('retrieval: `queryLabels`', queryLabels, { rows: queries.shape[0], numClasses: 2 ** 31 });
  const badK = ks.find((k) => !Number.isSafeInteger(k) || k < 1);
  if (badK !== undefined || ks.length === 0)
    throw new SelfsupError('SELFSUP_OPTION', `retrieval: \`ks\` must be integers >= 1, got ${ks.length === 0 ? 'none' : badK}`);
  const hits = ks.map(() => 0);
  let [precision, counted] = [0, 0];
  for await (const { start, count, cosines } of similarityBlocks(queries, features))
    for (let q = 0; q < count; q++) {
      const similar = cosines.subarray(q * rows, (q + 1) * rows);
      const label = queryLabels[start + q]!;
      const others = self ? (row: number) => row !== start + q : () => true;
      const order = Int32Array.from({ length: rows }, (_, row) => row).filter(others);
      order.sort((a, b) => similar[b]! - similar[a]! || a - b);
      let [found, sum, first] = [0, 0, Infinity];
      order.forEach((row, rank) => {
        if (labels[row] !== label) return;
        first = Math.min(first, rank);
        sum += ++found / (rank + 1);
      });
      if (found === 0) continue;
      counted++;
      precision += sum / found;
      ks.forEach((k, i) => (hits[i]! += Number(first < k)));
    }
  if (counted === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      'retrieval: no query has a row of its class to be found; are the labels of both parts of one kind?',
    );
  return {
    recall: Object.fromEntries(ks.map((k, i) => [k, hits[i]! / counted])),
    meanAveragePrecision: precision / counted,
    queries: counted,
  };
}
