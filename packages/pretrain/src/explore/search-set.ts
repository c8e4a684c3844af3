import { nearestNeighbors, whiten } from '@selfsup/evaluate';
import type { EmbeddedSet } from './embedded-set.ts';

/** Options of {@link searchSet}. */
export interface SearchSetOptions {
  /** How many to find for each query; an integer ≥ 1, default 10. */
  readonly count?: number | undefined;
  /** Whether principal directions of the set are compared, the strong ones made weaker; default false. */
  readonly whitening?: boolean | undefined;
}

/** A sample that is like a query. */
export interface SearchHit {
  /** Its row in the set. */
  readonly row: number;
  /** The cosine of the angle between the features, in [−1, 1]. */
  readonly cosine: number;
}

/**
 * Finds the samples of a set that an encoder finds most like each query.
 *
 * @param queries from `embedSet`
 * @param set from `embedSet`, of the same encoder
 * @param options see {@link SearchSetOptions}
 * @returns for each query the nearest samples, the most similar first
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_SHAPE` when the sets are of different encoders
 */
export async function searchSet(queries: EmbeddedSet, set: EmbeddedSet, options: SearchSetOptions = {}): Promise<SearchHit[][]> {
  const { count = 10, whitening = false } = options;
  const plain = { bank: set.features, queries: queries.features };
  const { bank, queries: asked } = whitening ? await whiten(plain.bank, plain.queries) : plain;
  const { k, indices, cosines } = await nearestNeighbors(asked, bank, { k: count });
  return queries.items.map((_, query) =>
    Array.from(indices.subarray(query * k, (query + 1) * k), (row, i) => ({ row, cosine: cosines[query * k + i]! })),
  );
}
