import type { Augmentation } from './augmentation.ts';
import { colorJitter } from './color-jitter.ts';
import { compose } from './compose.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import { gaussianNoise } from './gaussian-noise.ts';
import { normalizeContrast } from './normalize-contrast.ts';
import { normalize, type NormalizeOptions } from './normalize.ts';
import { randAugment } from './rand-augment.ts';
import { randomAffine } from './random-affine.ts';
import { randomAutocontrast } from './random-autocontrast.ts';
import { randomEqualize } from './random-equalize.ts';
import { randomErasing } from './random-erasing.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomInvert } from './random-invert.ts';
import { randomPerspective } from './random-perspective.ts';
import { randomPosterize } from './random-posterize.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomRotation } from './random-rotation.ts';
import { randomSharpness } from './random-sharpness.ts';
import { randomSolarize } from './random-solarize.ts';
import { randomSpectrum } from './random-spectrum.ts';
import { randomVerticalFlip } from './random-vertical-flip.ts';
import { RECIPE_STEPS, type RecipeStep, type ViewRecipe } from './recipe.ts';
import type { TrackedView } from './tracked-crops.ts';

/** What {@link viewAugmentation} is told beside the recipe. */
export interface ViewAugmentationOptions {
  /** Side of the view, or `[height, width]`, in pixels; default the recipe's. */
  size?: number | readonly [number, number];
  /** Standardize the view in the end; default not. */
  normalize?: NormalizeOptions;
}

/** The crop of one view by its numbers, and what follows it. */
export function trackedViewOf(view: ViewRecipe, options: ViewAugmentationOptions): TrackedView {
  const { size = view.size, normalize: statistics } = options;
  const steps: Record<RecipeStep, Augmentation | undefined> = {
    verticalFlip: view.verticalFlip && randomVerticalFlip(view.verticalFlip),
    rotation: view.rotation && randomRotation(view.rotation),
    affine: view.affine && randomAffine(view.affine),
    perspective: view.perspective && randomPerspective(view.perspective),
    randAugment: view.randAugment && randAugment(view.randAugment),
    spectrum: view.spectrum && randomSpectrum(view.spectrum),
    colorJitter: view.colorJitter && colorJitter(view.colorJitter),
    grayscale: view.grayscale && randomGrayscale(view.grayscale),
    autocontrast: view.autocontrast && randomAutocontrast(view.autocontrast),
    equalize: view.equalize && randomEqualize(view.equalize),
    posterize: view.posterize && randomPosterize(view.posterize),
    sharpness: view.sharpness && randomSharpness(view.sharpness),
    invert: view.invert && randomInvert(view.invert),
    blur: view.blur && gaussianBlur(view.blur),
    solarize: view.solarize && randomSolarize(view.solarize),
    noise: view.noise && gaussianNoise(view.noise),
    erasing: view.erasing && randomErasing(view.erasing),
    localContrast: view.localContrast && normalizeContrast(view.localContrast),
  };
  return {
    crop: { size, ...view.crop }, // mirrors as well
    changes: [...(view.order ?? RECIPE_STEPS).flatMap((step) => steps[step] ?? []), ...(statistics ? [normalize(statistics)] : [])],
  };
}

/** The augmentation that makes one view by its numbers. */
export function viewAugmentation(view: ViewRecipe, options: ViewAugmentationOptions): Augmentation {
  const { crop, changes = [] } = trackedViewOf(view, options);
  return compose([randomResizedCrop(crop), ...changes]);
}
