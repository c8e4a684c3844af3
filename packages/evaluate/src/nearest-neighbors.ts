import { SelfsupError } from '@selfsup/core';
import type { FeatureMatrix } from './feature-matrix.ts';
import { createNearestRows } from './nearest-rows.ts';
import { unitRows } from './unit-rows.ts';

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
 * @throws SelfsupError `SELFSUP_SHAPE` when the columns differ, `SELFSUP_OPTION` when `k` is not an integer ≥ 1
 */
export function nearestNeighbors(queries: FeatureMatrix, bank: FeatureMatrix, options: NearestNeighborsOptions): NearestNeighbors {
  const { k: wanted, excludeSelf = false } = options;
  const [count, dim] = queries.shape;
  const [rows, bankDim] = bank.shape;
  if (dim !== bankDim)
    throw new SelfsupError('SELFSUP_SHAPE', `nearestNeighbors: \`bank\` must have ${dim} columns like \`queries\`, got ${bankDim}`);
  if (!Number.isSafeInteger(wanted) || wanted < 1)
    throw new SelfsupError('SELFSUP_OPTION', `nearestNeighbors: \`k\` must be an integer >= 1, got ${wanted}`);
  const k = Math.min(wanted, rows - (excludeSelf ? 1 : 0));
  const [from, to] = [unitRows(queries), excludeSelf ? unitRows(queries) : unitRows(bank)];
  const indices = new Int32Array(count * k);
  const cosines = new Float32Array(count * k);
  if (k < 1) return { k: 0, indices, cosines };
  const nearest = createNearestRows(k);
  const similarities = new Float32Array(rows);
  for (let query = 0; query < count; query++) {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let i = query * dim, at = row * dim; i < (query + 1) * dim; i++, at++) sum += from[i]! * to[at]!;
      similarities[row] = sum;
    }
    if (excludeSelf) similarities[query] = -Infinity;
    nearest.select(similarities).forEach((row, i) => {
      indices[query * k + i] = row;
      cosines[query * k + i] = similarities[row]!;
    });
  }
  return { k, indices, cosines };
}
