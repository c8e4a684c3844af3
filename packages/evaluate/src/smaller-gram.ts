/** Rows of numbers in float32 or float64. Internal. */
export interface Rows {
  readonly data: ArrayLike<number>;
  readonly shape: readonly [rows: number, dim: number];
}

/** `x · xᵀ` or `xᵀ · x`, whichever is smaller, in float64, and its side. Internal. */
export function smallerGram({ data, shape: [rows, dim] }: Rows): [gram: Float64Array, n: number] {
  const n = Math.min(rows, dim);
  const [outer, inner] = rows <= dim ? [dim, 1] : [1, dim]; // strides of the kept and of the summed index
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < Math.max(rows, dim); k++) sum += data[i * outer + k * inner]! * data[j * outer + k * inner]!;
      gram[i * n + j] = gram[j * n + i] = sum;
    }
  return [gram, n];
}
