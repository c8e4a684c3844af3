import { drawUniform } from '@selfsup/core';
import type { SeriesTransform } from './series-transform.ts';

/**
 * Moves each window in time; what leaves it at one end comes in at the other.
 *
 * @param largest how far at most in either direction, as a share of the window, in [0, 1]
 * @returns the transform
 */
export function timeShift(largest: number): SeriesTransform {
  return (windows, rng) => {
    const [n, length, channels] = windows.shape;
    const shares = drawUniform(rng, n, { min: -largest, max: largest });
    const values = new Float32Array(windows.values.length);
    for (let row = 0; row < n; row++) {
      const shift = Math.round(shares[row]! * length);
      for (let t = 0; t < length; t++) {
        const from = (row * length + ((((t - shift) % length) + length) % length)) * channels;
        values.set(windows.values.subarray(from, from + channels), (row * length + t) * channels);
      }
    }
    return { ...windows, values };
  };
}
