export { adjustColors, type ColorAdjustment } from './adjust-colors.ts';
export type { Augmentation, ViewsTransform } from './augmentation.ts';
export { colorBins, type ColorBinsOptions } from './color-bins.ts';
export { colorCodes, type CodedColors, type ColorCodesOptions, type ColorCoding } from './color-codes.ts';
export { colorJitter, type ColorJitterOptions } from './color-jitter.ts';
export type { ColorOperation } from './color-operation.ts';
export { colorWeights, type ColorWeightsOptions } from './color-weights.ts';
export { compose } from './compose.ts';
export { gaussianBlur, type GaussianBlurOptions } from './gaussian-blur.ts';
export { gaussianFilter, type GaussianFilterOptions } from './gaussian-filter.ts';
export { grayscale } from './grayscale.ts';
export { gridLocations, type GridLocationsOptions } from './grid-locations.ts';
export { horizontalFlip } from './horizontal-flip.ts';
export { maskPatches, type MaskPatchesOptions } from './mask-patches.ts';
export { maskTokens, type MaskTokensOptions } from './mask-tokens.ts';
export { multiCrop, type MultiCropOptions, type MultiCropTransform, type MultiCropViews } from './multi-crop.ts';
export { normalizeContrast, type NormalizeContrastOptions } from './normalize-contrast.ts';
export { normalize, type NormalizeOptions } from './normalize.ts';
export type { MaskedPatches, PatchMasking } from './patch-masking.ts';
export { patchPairs, type PatchPairs, type PatchPairsOptions } from './patch-pairs.ts';
export { randomGrayscale, type RandomGrayscaleOptions } from './random-grayscale.ts';
export { randomHorizontalFlip, type RandomHorizontalFlipOptions } from './random-horizontal-flip.ts';
export { randomResizedCrop, type RandomResizedCropOptions } from './random-resized-crop.ts';
export type { Interpolation } from './sampling-matrices.ts';
export { randomSolarize, type RandomSolarizeOptions } from './random-solarize.ts';
export type { Recipe, RecipeStep, ViewRecipe } from './recipe.ts';
export { recipeMultiCrop, recipeTrackedViews, recipeViews, type RecipeViewsOptions } from './recipe-views.ts';
export { recipes, type RecipeName } from './recipes.ts';
export { resizedCrop, type ResizedCropOptions } from './resized-crop.ts';
export { rgbToLab } from './rgb-to-lab.ts';
export { rotate90 } from './rotate90.ts';
export { rotations, type RotatedImages } from './rotations.ts';
export { simclrViews, type SimclrViewsOptions } from './simclr-views.ts';
export { solarize, type SolarizeOptions } from './solarize.ts';
export type { MaskedTokens, TokenMasking, TokenRows } from './token-masking.ts';
export { tiles, type TilesOptions } from './tiles.ts';
export {
  trackedCrops,
  type TrackedCropsOptions,
  type TrackedView,
  type TrackedViews,
  type TrackedViewsTransform,
} from './tracked-crops.ts';
export { views, type ViewsOptions } from './views.ts';
