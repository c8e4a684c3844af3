import * as tf from '@tensorflow/tfjs-core';
import { checkImages } from './check-images.ts';

/** Linear sRGB to CIE XYZ (IEC 61966-2-1, rows X, Y, Z), as skimage and OpenCV have it. */
const XYZ = [
  [0.412453, 0.35758, 0.180423],
  [0.212671, 0.71516, 0.072169],
  [0.019334, 0.119193, 0.950227],
] as const;
/** XYZ of the white point D65 for the 2° observer. */
const WHITE = [0.95047, 1, 1.08883] as const;
/** Where the cube root gives way to a line, and the line. */
const [KNEE, SLOPE, OFFSET] = [0.008856, 7.787, 16 / 116] as const;

/** A color of one pixel, each channel in [0, 1], as L*, a*, b*: {@link rgbToLab} in float64. */
export function labOfColor(rgb: readonly [number, number, number]): [number, number, number] {
  const linear = rgb.map((x) => (x > 0.04045 ? ((x + 0.055) / 1.055) ** 2.4 : x / 12.92));
  const [x, y, z] = XYZ.map((row, i) => {
    const t = (row[0] * linear[0]! + row[1] * linear[1]! + row[2] * linear[2]!) / WHITE[i]!;
    return t > KNEE ? Math.cbrt(t) : SLOPE * t + OFFSET;
  }) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/**
 * Converts sRGB images to CIE L*a*b* (white point D65, 2° observer).
 *
 * @param images float32 `[n, h, w, 3]` in [0, 1]
 * @returns float32 `[n, h, w, 3]`: lightness L* in [0, 100], a* from about −86 (green) to 98 (red), b* from about −108 (blue) to 94 (yellow)
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 with 3 channels, `SELFSUP_DTYPE` on images that are not float32
 * @see CIE 15:2004; the constants are those of skimage's `rgb2lab`
 * @example
 * ```ts
 * import { rgbToLab } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * import '@tensorflow/tfjs-backend-cpu';
 * rgbToLab(tf.tensor4d([1, 0, 0], [1, 1, 1, 3])).print(); // 53.24, 80.09, 67.20
 * ```
 */
export function rgbToLab(images: tf.Tensor4D): tf.Tensor4D {
  checkImages('rgbToLab', images, [3]);
  return tf.tidy(() => {
    const rgb = tf.reshape(images, [-1, 3]);
    const curved = tf.pow(tf.div(tf.add(tf.relu(rgb), 0.055), 1.055), 2.4);
    const linear = tf.where(tf.greater(rgb, 0.04045), curved, tf.div(rgb, 12.92)); // [n·h·w, 3]
    const toXyz = [0, 1, 2].map((channel) => XYZ.map((row, i) => row[channel]! / WHITE[i]!));
    const xyz = tf.matMul(linear, tf.tensor2d(toXyz, [3, 3])); // relative to white
    const roots = tf.pow(tf.relu(xyz), 1 / 3);
    const f = tf.where(tf.greater(xyz, KNEE), roots, tf.add(tf.mul(xyz, SLOPE), OFFSET));
    const toLab = tf.tensor2d([0, 500, 0, 116, -500, 200, 0, 0, -200], [3, 3]);
    return tf.reshape(tf.add(tf.matMul(f, toLab), tf.tensor1d([-16, 0, 0])), images.shape);
  });
}
