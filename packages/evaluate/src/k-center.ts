import { nextTurn, SelfsupError } from '@selfsup/core';
import { checkFeatures, type FeatureMatrix } from './feature-matrix.ts';
import { unitRows } from './unit-rows.ts';

/** Options of {@link kCenter}. */
export interface KCenterOptions {
  /** How many rows to choose; an integer ≥ 1, at most as many as are left. */
  count: number;
  /** Rows that are chosen already, such as those with a label; default none. */
  chosen?: ArrayLike<number>;
  /** Called after each choice with the number of choices so far. */
  onProgress?: (done: number) => void;
}

/** What {@link kCenter} chooses. */
export interface KCenters {
  /** `[count]`: rows in the order of the choice: any first few are spread, too. */
  readonly rows: Int32Array;
  /** `[count]`: how far each was from all rows chosen before, the cosine distance 1 − cos; that of the first without any is 0. */
  readonly distances: Float64Array;
}

/**
 * Chooses rows that cover all others: each time the one farthest from those chosen so far.
 *
 * @param features `[rows, dim]`
 * @param options see {@link KCenterOptions}
 * @returns see {@link KCenters}
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range, `SELFSUP_NON_FINITE` naming the row that is not finite
 * @see Sener, Savarese: "Active Learning for Convolutional Neural Networks: A Core-Set Approach", algorithm 1, https://arxiv.org/abs/1708.00489
 * @remarks Greedy, within a factor 2 of the best cover; deterministic in float64. Without `chosen` the first is the row most like the mean. It chases what is
 * rare: outliers come early.
 */
export async function kCenter(features: FeatureMatrix, options: KCenterOptions): Promise<KCenters> {
  const { count, chosen = [], onProgress } = options;
  checkFeatures('kCenter: `features`', features);
  const [rows, dim] = features.shape;
  const taken = checkedChoice('kCenter', { count, chosen, rows });
  const unit = unitRows(features);
  const nearest = new Float64Array(rows).fill(Infinity); // cosine distance to the nearest chosen row
  const take = (row: number) => {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let d = 0, a = row * dim, b = i * dim; d < dim; d++) sum += unit[a + d]! * unit[b + d]!;
      const distance = Math.max(0, 1 - sum);
      if (distance < nearest[i]!) nearest[i] = distance;
    }
    nearest[row] = -Infinity; // never again
  };
  for (const row of taken) take(row);
  const found = new Int32Array(count);
  const distances = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    await nextTurn();
    let best = -1;
    if (n === 0 && taken.size === 0) best = mostCentral(unit, { rows, dim });
    else for (let i = 0; i < rows; i++) if (nearest[i]! > (best < 0 ? -Infinity : nearest[best]!)) best = i;
    found[n] = best;
    distances[n] = nearest[best] === Infinity ? 0 : nearest[best]!;
    take(best);
    onProgress?.(n + 1);
  }
  return { rows: found, distances };
}

/** The rows that are chosen already, checked with the number that is wanted beside them. Internal. */
export function checkedChoice(
  who: string,
  { count, chosen, rows }: { count: number; chosen: ArrayLike<number>; rows: number },
): Set<number> {
  const taken = new Set(Array.from(chosen));
  for (const row of taken)
    if (!Number.isInteger(row) || row < 0 || row >= rows)
      throw new SelfsupError('SELFSUP_OPTION', `${who}: \`chosen\` must be rows in [0, ${rows}), got ${row}`);
  const most = rows - taken.size;
  if (!Number.isSafeInteger(count) || count < 1 || count > most)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`count\` must be an integer from 1 to ${most}, the rows that are left, got ${count}`,
    );
  return taken;
}

/** The row with the greatest cosine to the mean of all; the lowest among equals. */
function mostCentral(unit: Float64Array, { rows, dim }: { rows: number; dim: number }): number {
  const mean = new Float64Array(dim);
  for (let i = 0; i < unit.length; i++) mean[i % dim]! += unit[i]!;
  let [best, most] = [0, -Infinity];
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += unit[row * dim + d]! * mean[d]!;
    if (sum > most) [best, most] = [row, sum];
  }
  return best;
}
