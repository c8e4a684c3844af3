import { SelfsupError } from '@selfsup/core';
import type { NearestNeighbors } from './nearest-neighbors.ts';

/**
 * How much sparser the surroundings of each row are than those of its neighbors: about 1 inside a cluster, however dense, and more outside of all.
 *
 * @param neighbors of all rows among the same rows, none its own neighbor: `nearestNeighbors(x, x, { k: 20, excludeSelf: true })`
 * @returns `[rows]`, > 0; the local outlier factor by the distance √(2 − 2 cos) of unit rows
 * @throws SelfsupError `SELFSUP_OPTION` without neighbors
 * @see Breunig et al.: "LOF: identifying density-based local outliers", definitions 5 to 7, https://doi.org/10.1145/342009.335388
 * @remarks As in scikit-learn, neighborhoods have exactly k rows, also where more are equally far.
 */
export function localOutlierFactors({ k, indices, cosines }: NearestNeighbors): Float64Array {
  if (k < 1)
    throw new SelfsupError('SELFSUP_OPTION', 'localOutlierFactors: `neighbors` must have at least one neighbor of each row, got none');
  const rows = indices.length / k;
  const distances = Float64Array.from(cosines, (cosine) => Math.sqrt(Math.max(0, 2 - 2 * cosine)));
  const density = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * k; at < (row + 1) * k; at++) {
      const reach = distances[(indices[at]! + 1) * k - 1]!; // how far the neighbor's own k-th neighbor is
      sum += Math.max(reach, distances[at]!);
    }
    density[row] = 1 / (sum / k + 1e-10); // copies lie at the same place
  }
  const factors = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * k; at < (row + 1) * k; at++) sum += density[indices[at]!]!;
    factors[row] = sum / k / density[row]!;
  }
  return factors;
}
