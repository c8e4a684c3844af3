import { drawUniform } from '@selfsup/core';
import type { SeriesTransform } from './series-transform.ts';

/**
 * Takes a part of each window and stretches it to the whole length by linear interpolation: the movement is shifted in time and becomes slower.
 *
 * @param smallest the smallest part, in (0, 1]; 1 leaves windows as they are
 * @returns the transform
 */
export function resizedCrop(smallest: number): SeriesTransform {
  return (windows, rng) => {
    const [n, length, channels] = windows.shape;
    const parts = drawUniform(rng.fold('part'), n, { min: smallest, max: 1 });
    const places = drawUniform(rng.fold('place'), n);
    const values = new Float32Array(windows.values.length);
    for (let row = 0; row < n; row++) {
      const step = parts[row]!;
      const first = places[row]! * (1 - step) * (length - 1);
      for (let t = 0; t < length; t++) {
        const at = first + t * step;
        const before = Math.min(length - 1, Math.floor(at));
        const after = Math.min(length - 1, before + 1);
        const share = at - before;
        for (let c = 0; c < channels; c++) {
          const valueAt = (time: number) => windows.values[(row * length + time) * channels + c]!;
          values[(row * length + t) * channels + c] = (1 - share) * valueAt(before) + share * valueAt(after);
        }
      }
    }
    return { ...windows, values };
  };
}
