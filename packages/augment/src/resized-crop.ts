import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';
import { sizeOf } from './check-options.ts';
import { filterSeparably } from './filter-separably.ts';

/** Options of {@link resizedCrop}. */
export interface ResizedCropOptions {
  /** Side of the output, or `[height, width]`, in pixels. */
  size: number | readonly [number, number];
  /** Widen the filter where the crop is larger than the output, so that shrinking averages instead of skipping pixels; default true. */
  antialias?: boolean;
}

interface Axis {
  /** 0 for y, 1 for x: where the axis' edges are in a box. */
  readonly edge: 0 | 1;
  readonly input: number;
  readonly output: number;
  readonly antialias: boolean;
}

const TOLERANCE = 1e-6;

function checkBoxes(boxes: ArrayLike<number>): void {
  for (let i = 0; i < boxes.length; i++) {
    const inside = boxes[i]! >= -TOLERANCE && boxes[i]! <= 1 + TOLERANCE;
    if (!inside || (i % 4 >= 2 && boxes[i] === boxes[i - 2]))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `resizedCrop: \`boxes\` must hold [y0, x0, y1, x1] in [0, 1] with y0 != y1 and x0 != x1, got [${[0, 1, 2, 3]
          .map((k) => boxes[i - (i % 4) + k]!)
          .join(', ')}] for image ${Math.floor(i / 4)}`,
      );
  }
}

/** The sampling matrices of one axis, `[n, output, input]`: a triangle filter around the centre of each output pixel, its rows adding up to 1. */
function samplingMatrices(boxes: ArrayLike<number>, axis: Axis): tf.Tensor3D {
  const { edge, input, output, antialias } = axis;
  const n = boxes.length / 4;
  const weights = new Float32Array(n * output * input);
  for (let i = 0; i < n; i++) {
    const from = Math.min(1, Math.max(0, boxes[4 * i + edge]!)) * input;
    const to = Math.min(1, Math.max(0, boxes[4 * i + edge + 2]!)) * input;
    const step = (to - from) / output; // negative: mirrored
    const radius = antialias ? Math.max(1, Math.abs(step)) : 1;
    for (let j = 0; j < output; j++) {
      const center = from + step * (j + 0.5); // pixel k covers [k, k + 1]
      const first = Math.max(0, Math.ceil(center - radius - 0.5));
      const last = Math.min(input - 1, Math.floor(center + radius - 0.5));
      const row = (i * output + j) * input;
      let total = 0;
      for (let k = first; k <= last; k++) total += Math.max(0, 1 - Math.abs(k + 0.5 - center) / radius);
      for (let k = first; k <= last; k++) weights[row + k] = Math.max(0, 1 - Math.abs(k + 0.5 - center) / radius) / total;
    }
  }
  return tf.tensor3d(weights, [n, output, input]);
}

/**
 * Cuts one box out of each image and resizes it to one size, bilinearly at half-pixel centres with clamped borders.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param boxes `4·n` numbers `[y0, x0, y1, x1]` per image as fractions of its height and width, in [0, 1]; `x0 > x1` mirrors the crop left to right,
 * `y0 > y1` upside down
 * @param options see {@link ResizedCropOptions}
 * @returns float32 `[n, size, size, c]`; every value lies between the smallest and the largest of its image, up to rounding
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or boxes that are not four per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on a box outside [0, 1] or without area, or a size that is no positive integer
 * @remarks Where the crop is not larger than the output, this is PyTorch's `affine_grid` and `grid_sample` with `align_corners=False` and
 * `padding_mode='border'`: samples near the box's edge may look at pixels just outside of the box, never outside of the image. Where it is larger
 * and `antialias` is on, the triangle is widened by the scale, as PyTorch's `interpolate(antialias=True)` and Pillow's `resize(box=…)` do.
 * Boxes are plain numbers, not a tensor, because the sampling matrices are computed in float64 outside of the backend: nothing has to be read back.
 * @example
 * ```ts
 * import { resizedCrop } from '@selfsup/augment';
 * import * as tf from '@tensorflow/tfjs-core';
 * const images = tf.zeros<tf.Rank.R4>([2, 48, 64, 3]);
 * // the left half of the first image, the whole second image mirrored
 * const crops = resizedCrop(images, [0, 0, 1, 0.5, 0, 1, 1, 0], { size: 32 }); // [2, 32, 32, 3]
 * ```
 */
export function resizedCrop(images: tf.Tensor4D, boxes: ArrayLike<number>, options: ResizedCropOptions): tf.Tensor4D {
  const { size, antialias = true } = options;
  checkImages('resizedCrop', images);
  const [n, height, width] = images.shape;
  checkPerImage('resizedCrop', 'boxes', { expected: 4 * n, got: boxes.length });
  checkBoxes(boxes);
  const [outHeight, outWidth] = sizeOf('resizedCrop', size);
  return tf.tidy(() =>
    filterSeparably(images, {
      rows: samplingMatrices(boxes, { edge: 0, input: height, output: outHeight, antialias }),
      columns: samplingMatrices(boxes, { edge: 1, input: width, output: outWidth, antialias }),
    }),
  );
}
