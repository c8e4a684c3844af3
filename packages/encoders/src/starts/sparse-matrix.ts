/** A sparse matrix by rows: of row i the entries `starts[i]` … `starts[i + 1] − 1` of `columns` and `values`. Internal. */
export interface SparseMatrix {
  /** Rows and columns. */
  readonly shape: readonly [number, number];
  /** `[rows + 1]`: where each row begins. */
  readonly starts: Float64Array;
  /** `[entries]`: the column of each entry, without an order within a row. */
  readonly columns: Int32Array;
  /** `[entries]`. */
  readonly values: Float32Array;
}

/** Gathers the rows of a {@link SparseMatrix} in their order. Internal. */
export interface SparseRows {
  /** Adds an entry to the row at hand. */
  add(column: number, value: number): void;
  /** Ends the row at hand. */
  endRow(): void;
  /** The matrix of all rows that were ended. */
  finish(): SparseMatrix;
}

/** Starts a matrix of so many rows and columns. Internal. */
export function sparseRows(rows: number, numColumns: number): SparseRows {
  const starts = new Float64Array(rows + 1);
  let [columns, values] = [new Int32Array(1024), new Float32Array(1024)];
  let [entries, row] = [0, 0];
  return {
    add(column, value) {
      if (entries === columns.length) {
        const [longer, wider] = [new Int32Array(2 * entries), new Float32Array(2 * entries)];
        longer.set(columns);
        wider.set(values);
        [columns, values] = [longer, wider];
      }
      columns[entries] = column;
      values[entries++] = value;
    },
    endRow() {
      starts[++row] = entries;
    },
    finish: () => ({ shape: [rows, numColumns], starts, columns: columns.subarray(0, entries), values: values.subarray(0, entries) }),
  };
}

/** Rows `from` … `to − 1` of `matrix · dense` into `out`; `dense` `[columns, width]` and `out` `[rows, width]`, row-major. Internal. */
export function multiplyRows(
  matrix: SparseMatrix,
  dense: Float32Array,
  { width, out, from, to }: { width: number; out: Float32Array; from: number; to: number },
): void {
  const { starts, columns, values } = matrix;
  const sums = new Float64Array(width);
  for (let row = from; row < to; row++) {
    sums.fill(0);
    const end = starts[row + 1]!;
    let at = starts[row]!;
    for (; at + 4 <= end; at += 4) {
      // four entries at once: the sums are read and written a quarter as often
      const [a, b, c, d] = [columns[at]! * width, columns[at + 1]! * width, columns[at + 2]! * width, columns[at + 3]! * width];
      const [va, vb, vc, vd] = [values[at]!, values[at + 1]!, values[at + 2]!, values[at + 3]!];
      for (let j = 0; j < width; j++) sums[j]! += va * dense[a + j]! + vb * dense[b + j]! + vc * dense[c + j]! + vd * dense[d + j]!;
    }
    for (; at < end; at++) {
      const [a, va] = [columns[at]! * width, values[at]!];
      for (let j = 0; j < width; j++) sums[j]! += va * dense[a + j]!;
    }
    out.set(sums, row * width);
  }
}
