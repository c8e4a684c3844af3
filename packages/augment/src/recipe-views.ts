import { SelfsupError } from '@selfsup/core';
import type { ViewsTransform } from './augmentation.ts';
import { multiCrop, type MultiCropTransform } from './multi-crop.ts';
import type { NormalizeOptions } from './normalize.ts';
import { MOVING_STEPS, type Recipe, type ViewRecipe } from './recipe.ts';
import { recipes, type RecipeName } from './recipes.ts';
import { trackedCrops, type TrackedViewsTransform } from './tracked-crops.ts';
import { trackedViewOf, viewAugmentation, type ViewAugmentationOptions } from './view-augmentation.ts';
import { views } from './views.ts';

/** Options of {@link recipeViews}, {@link recipeMultiCrop} and {@link recipeTrackedViews}. */
export interface RecipeViewsOptions {
  /** Which of the recipe's variants in {@link recipes}; default `'imagenet'`. A recipe of one's own has none. */
  variant?: string;
  /** Side of the global views, or `[height, width]`, in pixels; default the recipe's. */
  size?: number | readonly [number, number];
  /** Side of the local views likewise; default the recipe's. */
  localSize?: number | readonly [number, number];
  /** Standardize the views in the end, see {@link normalize}; default not. */
  normalize?: NormalizeOptions;
}

function recipeOf(who: string, name: RecipeName | Recipe, variant: string): Recipe {
  if (typeof name === 'object') return name;
  if (!Object.hasOwn(recipes, name))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`name\` must be one of ${Object.keys(recipes).join(', ')}, got ${JSON.stringify(name)}`,
    );
  const variants: Readonly<Record<string, Recipe>> = recipes[name];
  if (!Object.hasOwn(variants, variant))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`variant\` of ${name} must be one of ${Object.keys(variants).join(', ')}, got ${JSON.stringify(variant)}`,
    );
  return variants[variant]!;
}

/** The views of a recipe, each built by `build`. */
function viewsOf<T>(
  recipe: Recipe,
  options: RecipeViewsOptions,
  build: (view: ViewRecipe, options: ViewAugmentationOptions) => T,
): Record<'global' | 'local', T[]> {
  const { size, localSize, normalize: statistics } = options;
  const buildAll = (list: readonly ViewRecipe[], side: RecipeViewsOptions['size']) =>
    list.map((view) => build(view, { ...(side !== undefined && { size: side }), ...(statistics && { normalize: statistics }) }));
  return { global: buildAll(recipe.global, size), local: buildAll(recipe.local, localSize) };
}

/**
 * The views of a published recipe, in one list: the global ones, then the local ones if it has any.
 *
 * @param name which of {@link recipes}, or a {@link Recipe} of one's own
 * @param options see {@link RecipeViewsOptions}
 * @returns a {@link ViewsTransform}: float32 `[n, h, w, c]` in [0, 1] → one `[n, size, size, c]` per view
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown recipe or variant or an option out of range
 * @remarks The numbers are the recipe's, bicubic crops included where {@link recipes} says so; the kernel of the blur is a tenth of the height, where MoCo and DINO leave its width to Pillow.
 * @example
 * ```ts
 * import { recipeViews } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const twoViews = recipeViews('byol', { variant: 'cifar', normalize: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] } });
 * const [first, second] = twoViews(tf.fill<tf.Rank.R4>([4, 32, 32, 3], 0.5), createRng(0));
 * ```
 */
export function recipeViews(name: RecipeName | Recipe, options: RecipeViewsOptions = {}): ViewsTransform {
  const { variant = 'imagenet' } = options;
  const { global, local } = viewsOf(recipeOf('recipeViews', name, variant), options, viewAugmentation);
  return views([...global, ...local]);
}

/**
 * The views of a published recipe with multi-crop, global and local ones apart.
 *
 * @param name which of {@link recipes}, or a {@link Recipe} of one's own: one with local views
 * @param options see {@link RecipeViewsOptions}
 * @returns a {@link MultiCropTransform}: float32 `[n, h, w, c]` in [0, 1] → `globalViews` and `localViews`
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown recipe or variant, one without local views, or an option out of range
 * @example
 * ```ts
 * import { recipeMultiCrop } from '@selfsup/augment';
 * const crops = recipeMultiCrop('dino', { size: 64, localSize: 32 }); // 2 global and 8 local views
 * ```
 */
export function recipeMultiCrop(name: RecipeName | Recipe, options: RecipeViewsOptions = {}): MultiCropTransform {
  const { variant = 'imagenet' } = options;
  const { global, local } = viewsOf(recipeOf('recipeMultiCrop', name, variant), options, viewAugmentation);
  if (local.length === 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `recipeMultiCrop: \`name\` must be a recipe with local views, ${typeof name === 'object' ? 'this one' : `${name} (${variant})`} has none`,
    );
  return multiCrop({ global, local });
}

/**
 * The views of a published recipe, with the place of each in its image: what tasks that match locations train on.
 *
 * @param name which of {@link recipes}, or a {@link Recipe} of one's own
 * @param options see {@link RecipeViewsOptions}
 * @returns a {@link TrackedViewsTransform}: float32 `[n, h, w, c]` in [0, 1] → views, boxes and flips, the global ones first; the views are those of
 * {@link recipeViews}, bit by bit
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown recipe or variant, one that moves pixels after the crop (flips upside down, rotations, …), or an option out of range
 * @example
 * ```ts
 * import { gridLocations, recipeTrackedViews } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * import * as tf from '@tensorflow/tfjs-core';
 * const tracked = recipeTrackedViews('moco-v2', { size: 64 });
 * const { views, boxes, flips } = tracked(tf.fill<tf.Rank.R4>([4, 80, 80, 3], 0.5), createRng(0));
 * const places = gridLocations(boxes[0]!, flips[0]!, { rows: 7, columns: 7 }); // [4, 49, 2]
 * ```
 */
export function recipeTrackedViews(name: RecipeName | Recipe, options: RecipeViewsOptions = {}): TrackedViewsTransform {
  const { variant = 'imagenet' } = options;
  const recipe = recipeOf('recipeTrackedViews', name, variant);
  for (const view of [...recipe.global, ...recipe.local]) {
    const moving = MOVING_STEPS.find((step) => view[step as keyof ViewRecipe] !== undefined);
    if (moving)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `recipeTrackedViews: \`name\` must be a recipe that leaves pixels in their places after the crop, this one has ${moving}`,
      );
  }
  const { global, local } = viewsOf(recipe, options, trackedViewOf);
  return trackedCrops([...global, ...local]);
}
