import { drawNormal } from '@selfsup/core';
import type { SeriesTransform } from './series-transform.ts';

/**
 * Adds noise to every value.
 *
 * @param deviation of the normal distribution, in the unit of the windows, ≥ 0
 * @returns the transform
 * @see Um et al.: "Data Augmentation of Wearable Sensor Data", https://arxiv.org/abs/1706.00527
 */
export function jitter(deviation: number): SeriesTransform {
  return (windows, rng) => {
    const noise = drawNormal(rng, windows.values.length, { standardDeviation: deviation });
    return { ...windows, values: windows.values.map((value, i) => value + noise[i]!) };
  };
}
