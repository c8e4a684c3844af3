import type { FeatureMatrix } from './feature-matrix.ts';

/** The rows in float64, each divided by its length, a row of zeros left as it is. Internal. */
export function unitRows({ data, shape: [rows, dim] }: FeatureMatrix): Float64Array {
  const result = Float64Array.from(data);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * dim; j < (i + 1) * dim; j++) sum += result[j]! ** 2;
    const length = Math.sqrt(sum) || 1;
    for (let j = i * dim; j < (i + 1) * dim; j++) result[j]! /= length;
  }
  return result;
}
