import type { FeatureMatrix } from '@selfsup/evaluate';

/** Some rows of a matrix, in their order. Internal. */
export function takeFeatures({ data, shape: [, dim] }: FeatureMatrix, rows: ArrayLike<number>): FeatureMatrix {
  const taken = new Float32Array(rows.length * dim);
  for (let i = 0; i < rows.length; i++) taken.set(data.subarray(rows[i]! * dim, (rows[i]! + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}
