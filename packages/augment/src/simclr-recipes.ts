import type { ColorJitterOptions } from './color-jitter.ts';
import type { GaussianBlurOptions } from './gaussian-blur.ts';
import type { RandomGrayscaleOptions } from './random-grayscale.ts';
import type { RandomResizedCropOptions } from './random-resized-crop.ts';
import { tensorflowBicubic } from './recipe-parts.ts';

/** The numbers of one recipe of SimCLR, each the options of the augmentation of that name. */
export interface SimclrRecipe {
  /** Crop and, by its `flipProbability`, flip. */
  readonly crop: Readonly<Pick<RandomResizedCropOptions, 'scale' | 'ratio' | 'flipProbability' | 'antialias' | 'interpolation'>>;
  /** Color jitter, its probability included. */
  readonly colorJitter: Readonly<ColorJitterOptions>;
  /** Random grayscale. */
  readonly grayscale: Readonly<RandomGrayscaleOptions>;
  /** Left out: no blur. */
  readonly blur?: Readonly<GaussianBlurOptions>;
}

const crop = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3], flipProbability: 0.5 } as const;

/** Color jitter of a strength: 0.8, 0.8, 0.8 and 0.2 times it. */
const jitter = (strength: number) =>
  ({
    brightness: 0.8 * strength,
    contrast: 0.8 * strength,
    saturation: 0.8 * strength,
    hue: 0.2 * strength,
    probability: 0.8,
    order: 'random',
  }) as const;

/**
 * The numbers behind the presets of {@link simclrViews}, from google-research/simclr: `imagenet` as in its `data_util.py` (strength 1), `cifar` as in
 * its README (strength 0.5, no blur).
 *
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", https://arxiv.org/abs/2002.05709
 * @remarks Crops of `imagenet` are bicubic as `tf.image.resize` makes them; those of `cifar` are bilinear and antialiased, where SimCLR's are bicubic too. The width of the blur's kernel is left to {@link gaussianBlur}, whose default is the same as SimCLR's: a tenth of the height.
 * @example
 * ```ts
 * import { colorJitter, simclrRecipes } from '@selfsup/augment';
 * const jitter = colorJitter({ ...simclrRecipes.cifar.colorJitter, order: ['brightness', 'contrast', 'saturation', 'hue'] });
 * ```
 */
export const simclrRecipes: Readonly<Record<'cifar' | 'imagenet', SimclrRecipe>> = {
  cifar: { crop, colorJitter: jitter(0.5), grayscale: { probability: 0.2 } },
  imagenet: {
    crop: { ...crop, ...tensorflowBicubic },
    colorJitter: jitter(1),
    grayscale: { probability: 0.2 },
    blur: { probability: 0.5, sigma: [0.1, 2] },
  },
};
