import { SelfsupError, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { compose } from './compose.ts';
import { cropAndBoxes, type RandomResizedCropOptions } from './random-resized-crop.ts';

/** How one view of {@link trackedCrops} is made. */
export interface TrackedView {
  /** Its crop, its flip included. */
  readonly crop: RandomResizedCropOptions;
  /** What follows the crop, in this order; it must leave pixels in their places: colors, blur, noise. Default nothing. */
  readonly changes?: readonly Augmentation[];
}

/** Options of {@link trackedCrops}. */
export interface TrackedCropsOptions {
  /** How many views; default 2, or as many as there are views in the list; an integer ≥ 1. */
  numViews?: number;
}

/** Views of a batch of images with their places in them; the caller owns all tensors. */
export type TrackedViews = Readonly<{
  /** Each float32 `[n, h, w, c]`. */
  views: tf.Tensor4D[];
  /** For each view float32 `[n, 4]`: `[y0, x0, y1, x1]` as fractions of the original image's height and width, y0 < y1 and x0 < x1. */
  boxes: tf.Tensor2D[];
  /** For each view float32 `[n]`: 1 where it is mirrored left to right, 0 where not. */
  flips: tf.Tensor1D[];
}>;

/** Makes {@link TrackedViews} of a batch of images. */
export type TrackedViewsTransform = (images: tf.Tensor4D, rng: Rng) => TrackedViews;

/** Splits `[y0, x0, y1, x1]`, mirrored where x0 > x1, into an upright box and a flag. */
function placesOf(drawn: Float64Array): { box: tf.Tensor2D; flip: tf.Tensor1D } {
  const n = drawn.length / 4;
  const flips = Float32Array.from({ length: n }, (_, i) => Number(drawn[4 * i + 1]! > drawn[4 * i + 3]!));
  const boxes = Float32Array.from(drawn);
  flips.forEach((flip, i) => {
    if (flip) [boxes[4 * i + 1], boxes[4 * i + 3]] = [boxes[4 * i + 3]!, boxes[4 * i + 1]!];
  });
  return { box: tf.tensor2d(boxes, [n, 4]), flip: tf.tensor1d(flips) };
}

/**
 * Makes several random crops of each image and tells where in the image each of them was, so that a task can match what two views show of one place.
 *
 * @param made how every view is made, or a list with one entry for each
 * @param options see {@link TrackedCropsOptions}
 * @returns a {@link TrackedViewsTransform}: float32 `[n, h, w, c]` → views, boxes and flips; the views are those of `views` with
 * `compose([randomResizedCrop(crop), ...changes])`, bit by bit
 * @throws SelfsupError `SELFSUP_OPTION` when the number of views is not an integer ≥ 1 or does not fit the list, or on an option of a crop out of
 * range; the transform `SELFSUP_SHAPE` and `SELFSUP_DTYPE` as {@link randomResizedCrop}
 * @see Wang et al.: "Dense Contrastive Learning for Self-Supervised Visual Pre-Training", https://arxiv.org/abs/2011.09157
 * @see Bardes et al.: "VICRegL: Self-Supervised Learning of Local Visual Features", https://arxiv.org/abs/2210.01571
 * @remarks {@link gridLocations} turns a box and its flip into the places of the cells of a feature map.
 * @example
 * ```ts
 * import { colorJitter, trackedCrops } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const crops = trackedCrops({ crop: { size: 32, flipProbability: 0.5 }, changes: [colorJitter({ brightness: 0.4 })] });
 * const { views, boxes, flips } = crops(tf.zeros<tf.Rank.R4>([8, 40, 40, 3]), createRng(0));
 * console.log(views.length, boxes[0]!.shape, flips[1]!.shape); // 2 [ 8, 4 ] [ 8 ]
 * ```
 */
export function trackedCrops(made: TrackedView | readonly TrackedView[], options: TrackedCropsOptions = {}): TrackedViewsTransform {
  const shared = !Array.isArray(made);
  const list = (shared ? [made] : made) as readonly TrackedView[];
  const { numViews = shared ? 2 : list.length } = options;
  if (!Number.isSafeInteger(numViews) || numViews < 1)
    throw new SelfsupError('SELFSUP_OPTION', `trackedCrops: \`numViews\` must be an integer >= 1, got ${numViews}`);
  if (!shared && list.length !== numViews)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `trackedCrops: \`made\` must have one entry for each of ${numViews} views, got ${list.length}`,
    );
  const built = list.map(({ crop, changes = [] }) => ({ crop: cropAndBoxes(crop), changes: [...changes] }));
  return (images, rng) =>
    tf.tidy(() => {
      const result: TrackedViews = { views: [], boxes: [], flips: [] };
      for (let view = 0; view < numViews; view++) {
        const { crop, changes } = built[shared ? 0 : view]!;
        let drawn = new Float64Array(0);
        const first: Augmentation = (input, stream) => {
          const { crops, boxes } = crop(input, stream);
          drawn = Float64Array.from(boxes);
          return crops;
        };
        result.views.push(compose([first, ...changes])(images, rng.fold('view').fold(view)));
        const { box, flip } = placesOf(drawn);
        result.boxes.push(box);
        result.flips.push(flip);
      }
      return result;
    });
}
