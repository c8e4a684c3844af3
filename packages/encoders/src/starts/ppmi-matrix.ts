import { nextTurn } from '@selfsup/core';
import type { CoOccurrence } from './co-occurrence.ts';
import { sparseRows, type SparseMatrix } from './sparse-matrix.ts';

/** The positive pointwise mutual information of tokens, sparse. Internal. */
export interface PpmiMatrix {
  /** `[columns, columns]`: of the tokens that are rows and columns. */
  readonly square: SparseMatrix;
  /** Its transpose. */
  readonly transposed: SparseMatrix;
  /** `[rows − columns, columns]`: of the tokens that are rows only. */
  readonly rest: SparseMatrix;
}

/** Rows between two turns of the event loop. */
const TURN = 100;

/**
 * PPMI with smoothed contexts: `max(0, log(C[i, j] / (s[i] · q[j])))`, where s are the sums of the rows and `q ∝ s^smoothing`. Internal.
 *
 * @see Levy, Goldberg, Dagan: "Improving Distributional Similarity with Lessons Learned from Word Embeddings", sections 2.2 and 3.2,
 * https://aclanthology.org/Q15-1016
 */
export async function ppmiMatrix(
  pairs: CoOccurrence,
  { smoothing, signal, onRows }: { smoothing: number; signal?: AbortSignal | undefined; onRows?: ((rows: number) => void) | undefined },
): Promise<PpmiMatrix> {
  const { rows, columns, sums } = pairs;
  const logSums = sums.map((sum) => Math.log(sum)); // −∞ where a token stands alone; it has no counts then
  let total = 0;
  for (let j = 0; j < columns; j++) if (sums[j]! > 0) total += sums[j]! ** smoothing;
  const logContexts = logSums.map((log) => smoothing * log - Math.log(total));
  const [square, transposed, rest] = [sparseRows(columns, columns), sparseRows(columns, columns), sparseRows(rows - columns, columns)];
  const [counts, touched] = [new Float64Array(columns), new Int32Array(columns)];
  for (let row = 0; row < rows; row++) {
    if (row % TURN === 0) {
      await nextTurn();
      signal?.throwIfAborted();
    }
    const found = pairs.count(row, counts, touched);
    const target = row < columns ? square : rest;
    for (let k = 0; k < found; k++) {
      const column = touched[k]!;
      const log = Math.log(counts[column]!);
      counts[column] = 0;
      const own = log - logSums[row]! - logContexts[column]!;
      if (own > 0) target.add(column, own);
      if (row >= columns) continue;
      const mirrored = log - logSums[column]! - logContexts[row]!; // C is symmetric, PPMI is not
      if (mirrored > 0) transposed.add(column, mirrored);
    }
    target.endRow();
    if (row < columns) transposed.endRow();
    if ((row + 1) % TURN === 0 || row + 1 === rows) onRows?.((row % TURN) + 1);
  }
  return { square: square.finish(), transposed: transposed.finish(), rest: rest.finish() };
}
