import { SelfsupError } from '@selfsup/core';
import type { FeatureMatrix } from './feature-matrix.ts';
import { nearestNeighbors } from './nearest-neighbors.ts';

/** Options of {@link retrievalRecall}. */
export interface RetrievalRecallOptions {
  /** `[queries]`: the rows of the candidates that belong to each query, at least one. */
  relevant: readonly ArrayLike<number>[];
  /** How many candidates are looked at, each an integer ≥ 1; default 1, 5 and 10. */
  ranks?: readonly number[];
}

/**
 * Recall of a search: how often something that belongs to a query is among its nearest candidates.
 *
 * @param queries `[queries, dim]`, such as features of texts
 * @param candidates `[candidates, dim]`, such as features of images in the same space; compared by cosine
 * @param options see {@link RetrievalRecallOptions}
 * @returns the recall at each rank, in [0, 1]
 * @throws SelfsupError `SELFSUP_SHAPE` when the columns differ or `relevant` has another length, `SELFSUP_OPTION` on a rank or row out of range,
 * `SELFSUP_NON_FINITE` on features that are not finite
 * @see Karpathy, Fei-Fei: "Deep Visual-Semantic Alignments for Generating Image Descriptions", section 4.1, https://arxiv.org/abs/1412.2306
 * @remarks As in papers on images and texts, one hit is enough where several candidates belong to a query. It depends on the number of candidates: by chance a
 * query with one relevant candidate among n has a recall of rank / n.
 * @example
 * ```ts
 * import { retrievalRecall } from '@selfsup/evaluate';
 * const rows = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] as const };
 * const [atOne] = await retrievalRecall(rows, rows, { relevant: [[0], [1]], ranks: [1] });
 * console.log(atOne); // 1
 * ```
 */
export async function retrievalRecall(
  queries: FeatureMatrix,
  candidates: FeatureMatrix,
  { relevant, ranks = [1, 5, 10] }: RetrievalRecallOptions,
): Promise<number[]> {
  const fail = (code: 'SELFSUP_SHAPE' | 'SELFSUP_OPTION', what: string): never => {
    throw new SelfsupError(code, `retrievalRecall: ${what}`);
  };
  const [rows] = queries.shape;
  if (relevant.length !== rows) fail('SELFSUP_SHAPE', `\`relevant\` must have a list for each of ${rows} queries, got ${relevant.length}`);
  const bad = ranks.find((rank) => !Number.isSafeInteger(rank) || rank < 1);
  if (bad !== undefined || ranks.length === 0) fail('SELFSUP_OPTION', `\`ranks\` must be integers >= 1, got ${bad ?? 'none'}`);
  const sets = relevant.map((list, query) => {
    const own = new Set(Array.from(list));
    const outside = [...own].find((row) => !Number.isInteger(row) || row < 0 || row >= candidates.shape[0]);
    if (own.size === 0 || outside !== undefined)
      fail(
        'SELFSUP_OPTION',
        `\`relevant\` of query ${query} must have rows from 0 to ${candidates.shape[0] - 1}, got ${outside ?? 'none'}`,
      );
    return own;
  });
  const { k, indices } = await nearestNeighbors(queries, candidates, { k: Math.max(...ranks) });
  const places = sets.map((own, query) => {
    const place = indices.subarray(query * k, (query + 1) * k).findIndex((row) => own.has(row));
    return place < 0 ? Infinity : place;
  });
  return ranks.map((rank) => places.filter((place) => place < rank).length / rows);
}
