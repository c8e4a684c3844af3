import type { Features } from '../encode-images.ts';

/** Rows of features, scaled to length 1. */
export function unitRows({ data, shape: [rows, dim] }: Features): Float32Array {
  const unit = new Float32Array(data);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) square += unit[i]! * unit[i]!;
    const scale = 1 / Math.max(Math.sqrt(square), 1e-12);
    for (let i = row * dim; i < (row + 1) * dim; i++) unit[i]! *= scale;
  }
  return unit;
}

/** A row of features and how near it is. */
export interface Neighbor {
  /** The row. */
  readonly row: number;
  /** The cosine of the angle between the two rows, in [−1, 1]. */
  readonly cosine: number;
}

/**
 * Finds the rows that point most nearly in the direction of a query.
 *
 * @param query `[dim]`, of length 1
 * @param bank `[rows, dim]`, rows of length 1
 * @param options `count`: how many; `except`: a row to leave out, such as the query itself
 * @returns the nearest first; at equal distance the lower row first
 */
export function nearestRows(query: Float32Array, bank: Float32Array, options: { count: number; except?: number }): Neighbor[] {
  const { count, except } = options;
  const dim = query.length;
  const best: Neighbor[] = [];
  for (let row = 0; row < bank.length / dim; row++) {
    if (row === except) continue;
    let cosine = 0;
    for (let i = 0, at = row * dim; i < dim; i++, at++) cosine += query[i]! * bank[at]!;
    if (best.length === count && cosine <= best[count - 1]!.cosine) continue;
    let place = best.length;
    while (place > 0 && best[place - 1]!.cosine < cosine) place--;
    best.splice(place, 0, { row, cosine });
    if (best.length > count) best.pop();
  }
  return best;
}
