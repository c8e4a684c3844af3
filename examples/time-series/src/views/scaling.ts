import { drawNormal } from '@selfsup/core';
import type { SeriesTransform } from './series-transform.ts';

/**
 * Multiplies each window by a factor of its own, as if the movement or the gain were stronger or weaker.
 *
 * @param deviation of the natural logarithm of the factor, ≥ 0: 0.2 gives factors around 0.8 … 1.2
 * @returns the transform
 * @see Um et al.: "Data Augmentation of Wearable Sensor Data", https://arxiv.org/abs/1706.00527
 */
export function scaling(deviation: number): SeriesTransform {
  return (windows, rng) => {
    const [n, length, channels] = windows.shape;
    const factors = drawNormal(rng, n, { standardDeviation: deviation }).map(Math.exp);
    return { ...windows, values: windows.values.map((value, i) => value * factors[Math.floor(i / (length * channels))]!) };
  };
}
