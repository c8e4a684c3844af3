import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkImages, checkPerImage } from './check-images.ts';
import { checkInterpolation, sizeOf } from './check-options.ts';
import { filterSeparably } from './filter-separably.ts';
import { samplingMatrices, type Interpolation } from './sampling-matrices.ts';

/** Options of {@link resizedCrop}. */
export interface ResizedCropOptions {
  /** Side of the output, or `[height, width]`, in pixels. */
  size: number | readonly [number, number];
  /** Widen the filter where the crop is larger than the output, so that shrinking averages instead of skipping pixels; default true. */
  antialias?: boolean;
  /**
   * How values between pixels are found; default `'bilinear'`. `'bicubic'` is PyTorch's and, antialiased, Pillow's: a = −0.5 when `antialias` is on, −0.75 with
   * repeated borders when it is off. `'bicubic-tensorflow'` has a = −0.5 and no pixels outside of the image in both cases; off, it is `tf.image.resize`.
   */
  interpolation?: Interpolation;
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

/**
 * Cuts one box out of each image and resizes it to one size, at half-pixel centers with clamped borders.
 *
 * @param images float32 `[n, h, w, c]`, any number of channels
 * @param boxes `4·n` numbers `[y0, x0, y1, x1]` per image as fractions of its height and width, in [0, 1]; `x0 > x1` mirrors the crop left to right,
 * `y0 > y1` upside down
 * @param options see {@link ResizedCropOptions}
 * @returns float32 `[n, size, size, c]`; bilinear values lie between the smallest and the largest of their image, up to rounding;
 * bicubic ones overshoot at edges
 * @throws SelfsupError `SELFSUP_SHAPE` on images that are not rank 4 or boxes that are not four per image, `SELFSUP_DTYPE` on images that are not
 * float32, `SELFSUP_OPTION` on a box outside [0, 1] or without area, a size that is no positive integer or an unknown interpolation
 * @remarks Where the crop is not larger than the output, this is PyTorch's `affine_grid` and `grid_sample` with `align_corners=False` and
 * `padding_mode='border'`: samples near the box's edge may look at pixels just outside of the box, never outside of the image. Where it is larger
 * and `antialias` is on, the triangle is widened by the scale, as PyTorch's `interpolate(antialias=True)` and Pillow's `resize(box=…)` do.
 * Bicubic crops are PyTorch's `interpolate(mode='bicubic')` of the whole image, with and without antialiasing.
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
  const { size, antialias = true, interpolation = 'bilinear' } = options;
  checkImages('resizedCrop', images);
  const [n, height, width] = images.shape;
  checkPerImage('resizedCrop', 'boxes', { expected: 4 * n, got: boxes.length });
  checkBoxes(boxes);
  const [outHeight, outWidth] = sizeOf('resizedCrop', size);
  checkInterpolation('resizedCrop', interpolation);
  return tf.tidy(() =>
    filterSeparably(images, {
      rows: samplingMatrices(boxes, { edge: 0, input: height, output: outHeight, antialias, interpolation }),
      columns: samplingMatrices(boxes, { edge: 1, input: width, output: outWidth, antialias, interpolation }),
    }),
  );
}
