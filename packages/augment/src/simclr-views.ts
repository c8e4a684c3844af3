import { SelfsupError } from '@selfsup/core';
import type { ViewsTransform } from './augmentation.ts';
import type { NormalizeOptions } from './normalize.ts';
import { recipes } from './recipes.ts';
import { viewAugmentation } from './view-augmentation.ts';
import { views } from './views.ts';

/** Options of {@link simclrViews}. */
export interface SimclrViewsOptions {
  /** Whose numbers: a variant of `simclr` in {@link recipes}. */
  preset: keyof typeof recipes.simclr;
  /** Side of the views, or `[height, width]`, in pixels. */
  size: number | readonly [number, number];
  /** Standardize the views in the end, see {@link normalize}; default not, as SimCLR. */
  normalize?: NormalizeOptions;
  /** How many views; default 2, an integer ≥ 1. */
  numViews?: number;
}

/**
 * The views of SimCLR: crop, flip, color jitter, grayscale and, for ImageNet, blur.
 *
 * @param options see {@link SimclrViewsOptions}
 * @returns a {@link ViewsTransform}: float32 `[n, h, w, c]` in [0, 1] → `numViews` times `[n, size, size, c]`
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown preset or an option out of range
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", https://arxiv.org/abs/2002.05709
 * @remarks The numbers are those of google-research/simclr. It resizes bicubically, here `'imagenet'` does; `'cifar'` is bilinear with
 * antialiasing, as torch recipes are. `'solo-cifar'` is solo-learn's.
 * Its `'imagenet'` draws one sigma of blur per batch; here each image has its own.
 * @example
 * ```ts
 * import { simclrViews } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const [first, second] = simclrViews({ preset: 'cifar', size: 32 })(tf.fill<tf.Rank.R4>([4, 32, 32, 3], 0.5), createRng(0));
 * ```
 */
export function simclrViews(options: SimclrViewsOptions): ViewsTransform {
  const { preset, size, normalize: statistics, numViews = 2 } = options;
  if (!Object.hasOwn(recipes.simclr, preset))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `simclrViews: \`preset\` must be one of ${Object.keys(recipes.simclr).join(', ')}, got ${JSON.stringify(preset)}`,
    );
  const [view] = recipes.simclr[preset].global; // both are made alike
  return views(viewAugmentation(view!, { size, ...(statistics && { normalize: statistics }) }), { numViews });
}
