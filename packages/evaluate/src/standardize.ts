import type { FeatureMatrix } from './feature-matrix.ts';

/** Mean and deviation of each column. */
export interface ColumnStatistics {
  readonly mean: Float64Array;
  /** Population deviation; 1 for a column without any. */
  readonly deviation: Float64Array;
}

/** Statistics of each column in two passes. Internal. */
export function columnStatistics({ data, shape: [rows, dim] }: FeatureMatrix): ColumnStatistics {
  const mean = new Float64Array(dim);
  const deviation = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim]! += data[i]! / rows;
  for (let i = 0; i < data.length; i++) deviation[i % dim]! += (data[i]! - mean[i % dim]!) ** 2 / rows;
  for (let column = 0; column < dim; column++) {
    const value = Math.sqrt(deviation[column]!);
    deviation[column] = value > 1e-6 * Math.abs(mean[column]!) && value > 0 ? value : 1; // below it is the rounding of float32
  }
  return { mean, deviation };
}

/** (x − mean)/deviation, column by column. Internal. */
export function standardize({ data, shape }: FeatureMatrix, { mean, deviation }: ColumnStatistics): FeatureMatrix {
  const dim = shape[1];
  return { shape, data: data.map((value, i) => (value - mean[i % dim]!) / deviation[i % dim]!) };
}
