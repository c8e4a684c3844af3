import { SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { similarityBlocks } from './similarity-blocks.ts';

/** Options of {@link similarPairs}. */
export interface SimilarPairsOptions {
  /** The least cosine of a pair, in [−1, 1]. */
  threshold: number;
  /** The most pairs; an integer ≥ 1, default 10,000,000. */
  maxPairs?: number;
}

/** Two rows that are alike. */
export interface SimilarPair {
  /** The lower row. */
  readonly a: number;
  /** The higher row. */
  readonly b: number;
  /** The cosine of their angle. */
  readonly cosine: number;
}

/**
 * Finds all pairs of rows whose cosine is at least a threshold.
 *
 * @param features `[rows, dim]`
 * @param options see {@link SimilarPairsOptions}
 * @returns each pair once, by the lower row, then the higher
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, or when there are more than `maxPairs`; `SELFSUP_NON_FINITE` naming the row that is not finite
 * @remarks Exact: float32 products on the backend, a block of rows at a time.
 */
export async function similarPairs(features: FeatureMatrix, options: SimilarPairsOptions): Promise<SimilarPair[]> {
  const { threshold, maxPairs = 1e7 } = options;
  if (!(threshold >= -1 && threshold <= 1))
    throw new SelfsupError('SELFSUP_OPTION', `similarPairs: \`threshold\` must be in [-1, 1], got ${threshold}`);
  if (!Number.isSafeInteger(maxPairs) || maxPairs < 1)
    throw new SelfsupError('SELFSUP_OPTION', `similarPairs: \`maxPairs\` must be an integer >= 1, got ${maxPairs}`);
  checkFeatures('similarPairs: `features`', features);
  const [rows] = features.shape;
  const pairs: SimilarPair[] = [];
  for await (const { start, count, cosines } of similarityBlocks(features, features))
    for (let i = 0; i < count; i++) {
      const a = start + i;
      for (let b = a + 1; b < rows; b++) {
        const cosine = cosines[i * rows + b]!;
        if (cosine < threshold) continue;
        if (pairs.length === maxPairs)
          throw new SelfsupError(
            'SELFSUP_OPTION',
            `similarPairs: more than ${maxPairs} pairs have a cosine of at least ${threshold}; raise \`threshold\``,
          );
        pairs.push({ a, b, cosine: Math.min(1, cosine) });
      }
    }
  return pairs;
}
