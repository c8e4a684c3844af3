import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { checkImages } from './check-images.ts';
import { checkInterpolation, checkProbability, checkRange, sizeOf } from './check-options.ts';
import { drawChosen } from './draw-chosen.ts';
import { resizedCrop } from './resized-crop.ts';
import type { Interpolation } from './sampling-matrices.ts';

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions {
  /** Side of the output, or `[height, width]`, in pixels. */
  size: number | readonly [number, number];
  /** Range of the crop's area as a fraction of the image's, uniform; default [0.08, 1], in (0, 1]. */
  scale?: readonly [number, number];
  /** Range of the crop's width by height in pixels, log-uniform; default [3/4, 4/3], > 0. */
  ratio?: readonly [number, number];
  /**
   * What to do with a crop wider or higher than the image: `'retry'` (default) draws area, ratio and place anew, and takes the largest centered crop
   * of an allowed ratio after `maxAttempts`; `'clamp'` cuts its sides down to the image's.
   */
  fit?: 'retry' | 'clamp';
  /** How often `'retry'` draws; default 10, an integer ≥ 1. */
  maxAttempts?: number;
  /** Probability of mirroring the crop left to right, at no cost; default 0, in [0, 1]. */
  flipProbability?: number;
  /** See {@link ResizedCropOptions}; default true. */
  antialias?: boolean;
  /** See {@link ResizedCropOptions}; default `'bilinear'`. Bicubic crops are cut off at 0 and 1, as crops in bytes are. */
  interpolation?: Interpolation;
}

/** One crop per image, `[y0, x0, y1, x1]` as fractions of the image, from the options of {@link RandomResizedCropOptions}. */
export interface DrawBoxesOptions extends Omit<RandomResizedCropOptions, 'size' | 'antialias' | 'interpolation'> {
  /** Number of images. */
  count: number;
  /** Width of the images by their height. */
  aspect: number;
}

function checkOptions(options: Omit<RandomResizedCropOptions, 'size'>): Required<Omit<RandomResizedCropOptions, 'size'>> {
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], fit = 'retry', maxAttempts = 10, flipProbability = 0 } = options;
  const { antialias = true, interpolation = 'bilinear' } = options;
  checkRange('randomResizedCrop', 'scale', { range: scale, max: 1 });
  checkRange('randomResizedCrop', 'ratio', { range: ratio });
  checkProbability('randomResizedCrop', 'flipProbability', flipProbability);
  if (!['retry', 'clamp'].includes(fit))
    throw new SelfsupError('SELFSUP_OPTION', `randomResizedCrop: \`fit\` must be 'retry' or 'clamp', got ${JSON.stringify(fit)}`);
  if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1)
    throw new SelfsupError('SELFSUP_OPTION', `randomResizedCrop: \`maxAttempts\` must be an integer >= 1, got ${maxAttempts}`);
  checkInterpolation('randomResizedCrop', interpolation);
  return { scale, ratio, fit, maxAttempts, flipProbability, antialias, interpolation };
}

/** Draws the boxes of {@link randomResizedCrop}: float64, four per image. */
export function drawBoxes(rng: Rng, options: DrawBoxesOptions): Float64Array {
  const { count, aspect } = options;
  const { scale, ratio, fit, maxAttempts, flipProbability } = checkOptions(options);
  const boxes = new Float64Array(4 * count);
  const place = (i: number, box: { height: number; width: number; y: number; x: number }) => {
    const [top, left] = [(1 - box.height) * box.y, (1 - box.width) * box.x];
    boxes.set([top, left, Math.min(1, top + box.height), Math.min(1, left + box.width)], 4 * i);
  };
  let open = Array.from({ length: count }, (_, i) => i);
  for (let attempt = 0; attempt < (fit === 'clamp' ? 1 : maxAttempts) && open.length > 0; attempt++) {
    const draw = (tag: string, range = {}) => drawUniform(rng.fold(tag).fold(attempt), count, range);
    const areas = draw('area', { min: scale[0], max: scale[1] });
    const logRatios = draw('ratio', { min: Math.log(ratio[0]), max: Math.log(ratio[1]) });
    const [ys, xs] = [draw('y'), draw('x')];
    open = open.filter((i) => {
      const relative = Math.exp(logRatios[i]!) / aspect; // ratio of the two fractions
      const [height, width] = [Math.sqrt(areas[i]! / relative), Math.sqrt(areas[i]! * relative)];
      if (fit === 'retry' && (height > 1 || width > 1)) return true;
      place(i, { height: Math.min(1, height), width: Math.min(1, width), y: ys[i]!, x: xs[i]! });
      return false;
    });
  }
  const allowed = Math.min(Math.max(aspect, ratio[0]), ratio[1]);
  for (const i of open) place(i, { height: Math.min(1, aspect / allowed), width: Math.min(1, allowed / aspect), y: 0.5, x: 0.5 });
  drawChosen(rng.fold('flip'), count, flipProbability).forEach((flip, i) => {
    if (flip) [boxes[4 * i + 1], boxes[4 * i + 3]] = [boxes[4 * i + 3]!, boxes[4 * i + 1]!];
  });
  return boxes;
}

/**
 * Cuts a random box out of each image and resizes it: area uniform, aspect ratio log-uniform, place uniform.
 *
 * @param options see {@link RandomResizedCropOptions}
 * @returns an {@link Augmentation}: float32 `[n, h, w, c]` → `[n, size, size, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; the augmentation `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link resizedCrop}
 * @see Szegedy et al.: "Going Deeper with Convolutions", section 6, https://arxiv.org/abs/1409.4842
 * @remarks Like torchvision's `RandomResizedCrop`: ten attempts, then a centered crop. Unlike it, boxes are real numbers, not whole pixels
 * (on 32×32 images whole pixels allow only 33 places), and samples at the box's edge interpolate with the image's pixels just outside of it,
 * where torchvision repeats the edge. SimCLR's own code attempts 100 times, then takes the whole image.
 * With `fit: 'clamp'` the image is distorted a little more often, but each image takes exactly one draw.
 * @example
 * ```ts
 * import { randomResizedCrop } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const crop = randomResizedCrop({ size: 32, scale: [0.2, 1] });
 * const crops = crop(tf.zeros<tf.Rank.R4>([8, 40, 40, 3]), createRng(0)); // [8, 32, 32, 3]
 * ```
 */
export function randomResizedCrop(options: RandomResizedCropOptions): Augmentation {
  const crop = cropAndBoxes(options);
  return (images, rng) => crop(images, rng).crops;
}

/** {@link randomResizedCrop} that also tells the boxes, which are those of {@link drawBoxes}. */
export function cropAndBoxes(
  options: RandomResizedCropOptions,
): (images: tf.Tensor4D, rng: Rng) => { crops: tf.Tensor4D; boxes: Float64Array } {
  const { size } = options;
  const { antialias, interpolation, ...drawn } = checkOptions(options);
  sizeOf('randomResizedCrop', size);
  return (images, rng) => {
    checkImages('randomResizedCrop', images);
    const [count, height, width] = images.shape;
    const boxes = drawBoxes(rng, { ...drawn, count, aspect: width / height });
    const crops = tf.tidy(() => {
      const cut = resizedCrop(images, boxes, { size, antialias, interpolation });
      return interpolation === 'bilinear' ? cut : tf.clipByValue(cut, 0, 1);
    });
    return { crops, boxes };
  };
}
