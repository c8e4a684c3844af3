import { localOutlierFactors, nearestNeighbors, whiten } from '@selfsup/evaluate';
import type { EmbeddedSet } from './embedded-set.ts';

/** Options of {@link findOutliers}. */
export interface FindOutliersOptions {
  /** How many to list; default all. */
  readonly count?: number | undefined;
  /** Neighbors that a sample is compared with; an integer ≥ 1, default 20. */
  readonly neighbors?: number | undefined;
  /** Whether principal directions of the set are compared, the strong ones made weaker; default false. */
  readonly whitening?: boolean | undefined;
}

/** A sample and how little it belongs to the others. */
export interface Outlier {
  /** Its row in the set. */
  readonly row: number;
  /** The local outlier factor: about 1 where a sample is among its like, larger the less it is. */
  readonly score: number;
  /** The row of the sample that is most like it. */
  readonly nearest: number;
  /** The cosine of the two. */
  readonly cosine: number;
}

/**
 * Ranks the samples of a set by how little they belong to the others: what lies in a sparser place than its neighbors do.
 *
 * @param set from `embedSet`
 * @param options see {@link FindOutliersOptions}
 * @returns the samples, the least usual first
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, or when there are fewer than 2 samples
 */
export async function findOutliers(set: EmbeddedSet, options: FindOutliersOptions = {}): Promise<Outlier[]> {
  const { count, neighbors = 20, whitening = false } = options;
  const features = whitening ? (await whiten(set.features, set.features)).bank : set.features;
  const near = await nearestNeighbors(features, features, { k: neighbors, excludeSelf: true });
  const scores = localOutlierFactors(near);
  return [...scores.keys()]
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count)
    .map((row) => ({ row, score: scores[row]!, nearest: near.indices[row * near.k]!, cosine: near.cosines[row * near.k]! }));
}
