import { drawNormal, drawUniform, SelfsupError } from '@selfsup/core';
import type { SeriesTransform } from './series-transform.ts';

/** Row by row: the rotation about a unit vector (Rodrigues' formula). */
function rotation([x, y, z]: readonly [number, number, number], angle: number): readonly number[] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const d = 1 - c;
  return [
    c + x * x * d,
    x * y * d - z * s,
    x * z * d + y * s,
    y * x * d + z * s,
    c + y * y * d,
    y * z * d - x * s,
    z * x * d - y * s,
    z * y * d + x * s,
    c + z * z * d,
  ];
}

/**
 * Turns each window in space, as if the sensor sat otherwise: every three channels are the axes of one sensor. Use it before normalization.
 *
 * @param largest the largest angle in degrees, in [0, 180]; the axis is drawn evenly from all directions
 * @returns the transform; it throws `SELFSUP_OPTION` unless the channels are a multiple of three
 * @see Um et al.: "Data Augmentation of Wearable Sensor Data", https://arxiv.org/abs/1706.00527
 */
export function rotateAxes(largest: number): SeriesTransform {
  return (windows, rng) => {
    const [n, length, channels] = windows.shape;
    if (channels % 3 !== 0)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `rotateAxes: the channels must be axes of sensors, a multiple of 3, got ${channels}; use no rotation`,
      );
    const angles = drawUniform(rng.fold('angle'), n, { max: (largest * Math.PI) / 180 });
    const axes = drawNormal(rng.fold('axis'), 3 * n);
    const values = new Float32Array(windows.values.length);
    for (let row = 0; row < n; row++) {
      const [x, y, z] = axes.subarray(3 * row, 3 * row + 3) as unknown as [number, number, number];
      const norm = Math.hypot(x, y, z) || 1;
      const matrix = rotation([x / norm, y / norm, z / norm], angles[row]!);
      for (let at = row * length * channels; at < (row + 1) * length * channels; at += 3)
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) values[at + i]! += matrix[3 * i + j]! * windows.values[at + j]!;
    }
    return { ...windows, values };
  };
}
