import type { Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation } from './augmentation.ts';
import { views } from './views.ts';

/** Options of {@link multiCrop}. */
export interface MultiCropOptions {
  /** Makes the large views of large parts: one augmentation for all of them, or a list with one for each. */
  global: Augmentation | readonly Augmentation[];
  /** Makes the small views of small parts, likewise. */
  local: Augmentation | readonly Augmentation[];
  /** How many global views; default 2, or as many as in the list; an integer ≥ 1. */
  numGlobalViews?: number;
  /** How many local views; default 6, or as many as in the list; an integer ≥ 1. */
  numLocalViews?: number;
}

/** Views of two sizes, which the caller owns: what DINO and SwAV train on. */
export type MultiCropViews = Readonly<Record<'globalViews' | 'localViews', tf.Tensor4D[]>>;

/** Makes {@link MultiCropViews} of a batch of images. */
export type MultiCropTransform = (images: tf.Tensor4D, rng: Rng) => MultiCropViews;

/**
 * Makes a few large views of large parts of each image and several small views of small parts.
 *
 * @param options see {@link MultiCropOptions}
 * @returns a {@link MultiCropTransform}: float32 `[n, h, w, c]` → lists of `[n, h', w', c]`; global views draw from `rng.fold('global')`, local ones
 * from `rng.fold('local')`
 * @throws SelfsupError `SELFSUP_OPTION` when a number of views is no integer ≥ 1 or does not fit its list
 * @see Caron et al.: "Unsupervised Learning of Visual Features by Contrasting Cluster Assignments", section 3.2, https://arxiv.org/abs/2006.09882
 * @example
 * ```ts
 * import { multiCrop, randomResizedCrop } from '@selfsup/augment';
 * const crops = multiCrop({
 *   global: randomResizedCrop({ size: 224, scale: [0.4, 1] }),
 *   local: randomResizedCrop({ size: 96, scale: [0.05, 0.4] }),
 *   numLocalViews: 8,
 * });
 * ```
 */
export function multiCrop(options: MultiCropOptions): MultiCropTransform {
  const { global, local } = options;
  const { numGlobalViews = typeof global === 'function' ? 2 : global.length } = options;
  const { numLocalViews = typeof local === 'function' ? 6 : local.length } = options;
  const makeGlobal = views(global, { numViews: numGlobalViews });
  const makeLocal = views(local, { numViews: numLocalViews });
  return (images, rng) =>
    tf.tidy(() => ({ globalViews: makeGlobal(images, rng.fold('global')), localViews: makeLocal(images, rng.fold('local')) }));
}
