import type { ColorJitterOptions } from './color-jitter.ts';
import type { GaussianBlurOptions } from './gaussian-blur.ts';
import type { GaussianNoiseOptions } from './gaussian-noise.ts';
import type { NormalizeContrastOptions } from './normalize-contrast.ts';
import type { RandAugmentOptions } from './rand-augment.ts';
import type { RandomAffineOptions } from './random-affine.ts';
import type { RandomAutocontrastOptions } from './random-autocontrast.ts';
import type { RandomEqualizeOptions } from './random-equalize.ts';
import type { RandomErasingOptions } from './random-erasing.ts';
import type { RandomGrayscaleOptions } from './random-grayscale.ts';
import type { RandomInvertOptions } from './random-invert.ts';
import type { RandomPerspectiveOptions } from './random-perspective.ts';
import type { RandomPosterizeOptions } from './random-posterize.ts';
import type { RandomResizedCropOptions } from './random-resized-crop.ts';
import type { RandomRotationOptions } from './random-rotation.ts';
import type { RandomSharpnessOptions } from './random-sharpness.ts';
import type { RandomSolarizeOptions } from './random-solarize.ts';
import type { RandomSpectrumOptions } from './random-spectrum.ts';
import type { RandomVerticalFlipOptions } from './random-vertical-flip.ts';

/** What a recipe may do to a crop, in the order in which it is done unless a view has another. */
export const RECIPE_STEPS = [
  'verticalFlip',
  'rotation',
  'affine',
  'perspective',
  'randAugment',
  'spectrum',
  'colorJitter',
  'grayscale',
  'autocontrast',
  'equalize',
  'posterize',
  'sharpness',
  'invert',
  'blur',
  'solarize',
  'noise',
  'erasing',
  'localContrast',
] as const;

/** One of {@link RECIPE_STEPS}. */
export type RecipeStep = (typeof RECIPE_STEPS)[number];

/** Those of {@link RECIPE_STEPS} that move pixels: views with them have no place in their images that a box could tell. */
export const MOVING_STEPS: readonly RecipeStep[] = ['verticalFlip', 'rotation', 'affine', 'perspective', 'randAugment'];

/** The numbers of one kind of view, each the options of the augmentation of that name; what is left out is not done. */
export interface ViewRecipe {
  /** Side of the view in pixels. */
  readonly size: number;
  /** Crop and, by its `flipProbability`, flip: mirroring commutes with all that follows, so it does not matter when it is done. */
  readonly crop: Readonly<Pick<RandomResizedCropOptions, 'scale' | 'ratio' | 'flipProbability' | 'antialias' | 'interpolation'>>;
  /** Mirrored upside down, its probability included, as the following ones. */
  readonly verticalFlip?: Readonly<RandomVerticalFlipOptions>;
  /** Rotation by any angle. */
  readonly rotation?: Readonly<RandomRotationOptions>;
  /** Rotation, translation, scale and shear. */
  readonly affine?: Readonly<RandomAffineOptions>;
  /** Seen from the side. */
  readonly perspective?: Readonly<RandomPerspectiveOptions>;
  /** Some of fourteen operations. */
  readonly randAugment?: Readonly<RandAugmentOptions>;
  /** Changes of the Fourier transform. */
  readonly spectrum?: Readonly<RandomSpectrumOptions>;
  /** Color jitter. */
  readonly colorJitter?: Readonly<ColorJitterOptions>;
  /** Random grayscale. */
  readonly grayscale?: Readonly<RandomGrayscaleOptions>;
  /** Contrast stretched to the whole range. */
  readonly autocontrast?: Readonly<RandomAutocontrastOptions>;
  /** Equalized histograms. */
  readonly equalize?: Readonly<RandomEqualizeOptions>;
  /** Fewer levels. */
  readonly posterize?: Readonly<RandomPosterizeOptions>;
  /** Sharper or smoother. */
  readonly sharpness?: Readonly<RandomSharpnessOptions>;
  /** The negative. */
  readonly invert?: Readonly<RandomInvertOptions>;
  /** Gaussian blur. */
  readonly blur?: Readonly<GaussianBlurOptions>;
  /** Solarisation. */
  readonly solarize?: Readonly<RandomSolarizeOptions>;
  /** Normal noise. */
  readonly noise?: Readonly<GaussianNoiseOptions>;
  /** A part is erased. */
  readonly erasing?: Readonly<RandomErasingOptions>;
  /** Local contrast instead of pixels. */
  readonly localContrast?: Readonly<NormalizeContrastOptions>;
  /** What is done after the crop, and in which order; default that of {@link RECIPE_STEPS}. */
  readonly order?: readonly RecipeStep[];
}

/** The views of one published recipe. */
export interface Recipe {
  /** One entry for each large view. */
  readonly global: readonly ViewRecipe[];
  /** One entry for each small view; empty without multi-crop. */
  readonly local: readonly ViewRecipe[];
}
