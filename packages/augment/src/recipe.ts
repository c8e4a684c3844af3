import type { ColorJitterOptions } from './color-jitter.ts';
import type { GaussianBlurOptions } from './gaussian-blur.ts';
import type { NormalizeContrastOptions } from './normalize-contrast.ts';
import type { RandomGrayscaleOptions } from './random-grayscale.ts';
import type { RandomResizedCropOptions } from './random-resized-crop.ts';
import type { RandomSolarizeOptions } from './random-solarize.ts';

/** What a recipe may do to a crop. */
export type RecipeStep = 'colorJitter' | 'grayscale' | 'blur' | 'solarize' | 'localContrast';

/** The numbers of one kind of view, each the options of the augmentation of that name; what is left out is not done. */
export interface ViewRecipe {
  /** Side of the view in pixels. */
  readonly size: number;
  /** Crop and, by its `flipProbability`, flip: mirroring commutes with all that follows, so it does not matter when it is done. */
  readonly crop: Readonly<Pick<RandomResizedCropOptions, 'scale' | 'ratio' | 'flipProbability' | 'antialias' | 'interpolation'>>;
  /** Color jitter, its probability included. */
  readonly colorJitter?: Readonly<ColorJitterOptions>;
  /** Random grayscale. */
  readonly grayscale?: Readonly<RandomGrayscaleOptions>;
  /** Gaussian blur, its probability included. */
  readonly blur?: Readonly<GaussianBlurOptions>;
  /** Solarisation, its probability included. */
  readonly solarize?: Readonly<RandomSolarizeOptions>;
  /** Local contrast instead of pixels. */
  readonly localContrast?: Readonly<NormalizeContrastOptions>;
  /** What is done after the crop, and in which order; default color jitter, grayscale, blur, solarize, local contrast. */
  readonly order?: readonly RecipeStep[];
}

/** The views of one published recipe. */
export interface Recipe {
  /** One entry for each large view. */
  readonly global: readonly ViewRecipe[];
  /** One entry for each small view; empty without multi-crop. */
  readonly local: readonly ViewRecipe[];
}
