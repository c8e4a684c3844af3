import type { Values } from './wasm-under-test.ts';

/** Means and biased variances of the groups of a tensor's elements, in two passes. */
export interface Statistics64 {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** The largest absolute value of each group: what rounding is measured against where the mean is large against the deviation. */
  readonly size: Float64Array;
}

/** The statistics of `groups` groups of equal size; `groupOf` says which one an element belongs to. */
export function statistics64({ values }: Values, groups: number, groupOf: (i: number) => number): Statistics64 {
  const [mean, variance, size] = [new Float64Array(groups), new Float64Array(groups), new Float64Array(groups)];
  const count = values.length / groups;
  for (let i = 0; i < values.length; i++) {
    const g = groupOf(i);
    mean[g]! += values[i]! / count;
    size[g] = Math.max(size[g]!, Math.abs(values[i]!));
  }
  for (let i = 0; i < values.length; i++) {
    const g = groupOf(i);
    variance[g]! += (values[i]! - mean[g]!) ** 2 / count;
  }
  return { mean, variance, size };
}
