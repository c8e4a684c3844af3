import * as tf from '@tensorflow/tfjs-core';

/** How values between pixels are found; see `ResizedCropOptions`. */
export type Interpolation = 'bilinear' | 'bicubic' | 'bicubic-tensorflow';

/** All interpolations. */
export const INTERPOLATIONS: readonly Interpolation[] = ['bilinear', 'bicubic', 'bicubic-tensorflow'];

/** One axis of a resized crop. */
export interface SampledAxis {
  /** 0 for y, 1 for x: where the axis' edges are in a box. */
  readonly edge: 0 | 1;
  readonly input: number;
  readonly output: number;
  readonly antialias: boolean;
  readonly interpolation: Interpolation;
}

interface Kernel {
  /** Where it ends, in pixels. */
  readonly support: number;
  /** Its value at a distance ≥ 0. */
  weight(distance: number): number;
}

const triangle: Kernel = { support: 1, weight: (distance) => Math.max(0, 1 - distance) };

/** The cubic convolution kernel: −0.5 is Catmull and Rom's, −0.75 sharper. */
const cubic = (a: number): Kernel => ({
  support: 2,
  weight(x) {
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? a * (((x - 5) * x + 8) * x - 4) : 0;
  },
});
const catmullRom = cubic(-0.5);
const sharp = cubic(-0.75);

/**
 * The sampling matrices of one axis, `[n, output, input]`: a kernel around the center of each output pixel, its rows adding up to 1.
 *
 * @param boxes `[y0, x0, y1, x1]` per image, fractions
 * @param axis see {@link SampledAxis}
 * @returns the matrices
 */
export function samplingMatrices(boxes: ArrayLike<number>, axis: SampledAxis): tf.Tensor3D {
  const { edge, input, output, antialias, interpolation } = axis;
  const repeatsBorder = interpolation === 'bicubic' && !antialias; // PyTorch clamps places outside, all others leave them out
  const kernel = interpolation === 'bilinear' ? triangle : repeatsBorder ? sharp : catmullRom;
  const n = boxes.length / 4;
  const weights = new Float32Array(n * output * input);
  const taps = new Float64Array(2 * Math.ceil(kernel.support * Math.max(1, input / output)) + 2);
  for (let i = 0; i < n; i++) {
    const from = Math.min(1, Math.max(0, boxes[4 * i + edge]!)) * input;
    const to = Math.min(1, Math.max(0, boxes[4 * i + edge + 2]!)) * input;
    const step = (to - from) / output; // negative: mirrored
    const scale = antialias ? Math.max(1, Math.abs(step)) : 1;
    for (let j = 0; j < output; j++) {
      const center = from + step * (j + 0.5); // pixel k covers [k, k + 1]
      let first = Math.ceil(center - kernel.support * scale - 0.5);
      let last = Math.floor(center + kernel.support * scale - 0.5);
      if (!repeatsBorder) [first, last] = [Math.max(0, first), Math.min(input - 1, last)];
      const row = (i * output + j) * input;
      let total = 0;
      for (let k = first; k <= last; k++) total += taps[k - first] = kernel.weight(Math.abs(k + 0.5 - center) / scale);
      for (let k = first; k <= last; k++) weights[row + Math.min(input - 1, Math.max(0, k))]! += taps[k - first]! / total;
    }
  }
  return tf.tensor3d(weights, [n, output, input]);
}
