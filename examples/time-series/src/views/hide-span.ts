import { drawUniform, shareOf } from '@selfsup/core';
import type { SeriesTransform } from './series-transform.ts';

/**
 * Sets a span of each window to 0, which is the mean where windows are normalized.
 *
 * @param share of the time steps, in [0, 1)
 * @returns the transform
 */
export function hideSpan(share: number): SeriesTransform {
  return (windows, rng) => {
    const [n, length, channels] = windows.shape;
    const hidden = shareOf(length, share, 'nearest');
    const places = drawUniform(rng, n);
    const values = windows.values.slice();
    for (let row = 0; row < n; row++) {
      const first = row * length + Math.floor(places[row]! * (length - hidden + 1));
      values.fill(0, first * channels, (first + hidden) * channels);
    }
    return { ...windows, values };
  };
}
