import { SelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Augmentation, ViewsTransform } from './augmentation.ts';

/** Options of {@link views}. */
export interface ViewsOptions {
  /** How many views; default 2, or as many as there are augmentations in the list; an integer ≥ 1. */
  numViews?: number;
}

/**
 * Makes several random views of each image, with one augmentation for all views or one for each.
 *
 * @param augmentations one {@link Augmentation} that makes every view, or a list with one for each view
 * @param options see {@link ViewsOptions}
 * @returns a {@link ViewsTransform}; view v gets `rng.fold('view').fold(v)`
 * @throws SelfsupError `SELFSUP_OPTION` when the number of views is no integer ≥ 1 or does not fit the list
 * @example
 * ```ts
 * import { compose, gaussianBlur, randomResizedCrop, views } from '@selfsup/augment';
 * const crop = randomResizedCrop({ size: 96 });
 * const twoViews = views([compose([crop, gaussianBlur({ probability: 1 })]), compose([crop, gaussianBlur({ probability: 0.1 })])]);
 * ```
 */
export function views(augmentations: Augmentation | readonly Augmentation[], options: ViewsOptions = {}): ViewsTransform {
  const shared = typeof augmentations === 'function';
  const { numViews = shared ? 2 : augmentations.length } = options;
  if (!Number.isSafeInteger(numViews) || numViews < 1)
    throw new SelfsupError('SELFSUP_OPTION', `views: \`numViews\` must be an integer >= 1, got ${numViews}`);
  if (!shared && augmentations.length !== numViews)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `views: \`augmentations\` must have one entry for each of ${numViews} views, got ${augmentations.length}`,
    );
  const perView = shared ? Array.from({ length: numViews }, () => augmentations) : [...augmentations];
  return (images, rng) => tf.tidy(() => perView.map((augment, view) => augment(images, rng.fold('view').fold(view))));
}
