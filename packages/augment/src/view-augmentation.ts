import type { Augmentation } from './augmentation.ts';
import { colorJitter } from './color-jitter.ts';
import { compose } from './compose.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { normalizeContrast } from './normalize-contrast.ts';
import { normalize, type NormalizeOptions } from './normalize.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomSolarize } from './random-solarize.ts';
import type { RecipeStep, ViewRecipe } from './recipe.ts';
import type { TrackedView } from './tracked-crops.ts';

/** What {@link viewAugmentation} is told beside the recipe. */
export interface ViewAugmentationOptions {
  /** Side of the view, or `[height, width]`, in pixels; default the recipe's. */
  size?: number | readonly [number, number];
  /** Standardize the view in the end; default not. */
  normalize?: NormalizeOptions;
}

const ORDER: readonly RecipeStep[] = ['colorJitter', 'grayscale', 'blur', 'solarize', 'localContrast'];

/** The crop of one view by its numbers, and what follows it. */
export function trackedViewOf(view: ViewRecipe, options: ViewAugmentationOptions): TrackedView {
  const { size = view.size, normalize: statistics } = options;
  const steps: Record<RecipeStep, Augmentation | undefined> = {
    colorJitter: view.colorJitter && colorJitter(view.colorJitter),
    grayscale: view.grayscale && randomGrayscale(view.grayscale),
    blur: view.blur && gaussianBlur(view.blur),
    solarize: view.solarize && randomSolarize(view.solarize),
    localContrast: view.localContrast && normalizeContrast(view.localContrast),
  };
  return {
    crop: { size, ...view.crop }, // mirrors as well
    changes: [...(view.order ?? ORDER).flatMap((step) => steps[step] ?? []), ...(statistics ? [normalize(statistics)] : [])],
  };
}

/** The augmentation that makes one view by its numbers. */
export function viewAugmentation(view: ViewRecipe, options: ViewAugmentationOptions): Augmentation {
  const { crop, changes = [] } = trackedViewOf(view, options);
  return compose([randomResizedCrop(crop), ...changes]);
}
