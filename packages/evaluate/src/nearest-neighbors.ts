import { SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { createNearestRows } from './nearest-rows.ts';
import { similarityBlocks } from './similarity-blocks.ts';

/** Options of {@link nearestNeighbors}. */
export interface NearestNeighborsOptions {
  /** Neighbors of each query, ≥ 1; at most as many as there are. */
  k: number;
  /** Whether queries and bank are the same rows, and none is its own neighbor; default false. */
  excludeSelf?: boolean;
}

/** What {@link nearestNeighbors} finds. */
export interface NearestNeighbors {
  /** How many neighbors each query has. */
  readonly k: number;
  /** `[queries, k]`: rows of the bank, the nearest first; at equal similarity the lower row first. */
  readonly indices: Int32Array;
  /** `[queries, k]`: the cosines of the angles, in [−1, 1]. */
  readonly cosines: Float32Array;
}

/**
 * Finds the rows of a bank that point most nearly in the direction of each query.
 *
 * @param queries `[queries, dim]`
 * @param bank `[rows, dim]`
 * @param options see {@link NearestNeighborsOptions}
 * @returns see {@link NearestNeighbors}
 * @throws SelfsupError `SELFSUP_SHAPE` when the columns differ, `SELFSUP_OPTION` when `k` is not an integer ≥ 1, `SELFSUP_NON_FINITE` naming the row that is
 * not finite
 * @remarks Exact and deterministic; cosines are float32 products on the backend, a block of queries at a time. A row of zeros has cosine 0 to everything.
 */
export async function nearestNeighbors(
  queries: FeatureMatrix,
  bank: FeatureMatrix,
  options: NearestNeighborsOptions,
): Promise<NearestNeighbors> {
  const { k: wanted, excludeSelf = false } = options;
  checkFeatures('nearestNeighbors: `queries`', queries);
  checkFeatures('nearestNeighbors: `bank`', bank);
  const [count, dim] = queries.shape;
  const [rows, bankDim] = bank.shape;
  if (dim !== bankDim)
    throw new SelfsupError('SELFSUP_SHAPE', `nearestNeighbors: \`bank\` must have ${dim} columns like \`queries\`, got ${bankDim}`);
  if (!Number.isSafeInteger(wanted) || wanted < 1)
    throw new SelfsupError('SELFSUP_OPTION', `nearestNeighbors: \`k\` must be an integer >= 1, got ${wanted}`);
  const k = Math.min(wanted, rows - (excludeSelf ? 1 : 0));
  const indices = new Int32Array(count * k);
  const cosines = new Float32Array(count * k);
  if (k < 1) return { k: 0, indices, cosines };
  const nearest = createNearestRows(k);
  for await (const block of similarityBlocks(queries, bank))
    for (let i = 0; i < block.count; i++) {
      const query = block.start + i;
      const similarities = block.cosines.subarray(i * rows, (i + 1) * rows);
      if (excludeSelf) similarities[query] = -Infinity;
      nearest.select(similarities).forEach((row, j) => {
        indices[query * k + j] = row;
        cosines[query * k + j] = Math.max(-1, Math.min(1, similarities[row]!));
      });
    }
  return { k, indices, cosines };
}
