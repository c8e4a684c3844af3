import {
  compose,
  normalize,
  randomResizedCrop,
  recipes,
  recipeTrackedViews,
  recipeViews,
  trackedCrops,
  views,
  type RecipeName,
  type TrackedViewsTransform,
  type ViewsTransform,
} from '@selfsup/augment';
import type * as tf from '@tensorflow/tfjs-core';

/** What makes views is told about the images. */
export interface ViewsContext {
  /** The shorter side in pixels. */
  readonly size: number;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  /** Per channel, over the training images in [0, 1]; of clips for one frame after another. */
  readonly mean: readonly number[];
  /** Per channel, over the training images in [0, 1]. */
  readonly std: readonly number[];
  /** 1 (gray) or 3 (RGB); of clips so many for each frame. */
  readonly channels: number;
  /** What the sides of all views must be multiples of: the side of the patches of a Vision Transformer; default 1. */
  readonly patchSize?: number;
}

/**
 * The function `views` of a config: the augmentation, large views first. It must normalize with mean and std. For tasks that match places in images
 * it returns what `trackedCrops` makes, which every other task takes, too.
 */
export type ViewsFunction = (context: ViewsContext) => ViewsTransform | TrackedViewsTransform;

/** The views of a batch of images, normalized: large ones and, with multi-crop, small ones. */
export interface ImageViews {
  /** Each `[n, height, width, c]`. */
  readonly global: readonly tf.Tensor4D[];
  /** Each `[n, small, small, c]`; none without multi-crop. */
  readonly local: readonly tf.Tensor4D[];
  /** For each view, global ones first, float32 `[n, 4]`: its box `[y0, x0, y1, x1]` as fractions of the image; only where the task asks for it. */
  readonly boxes?: readonly tf.Tensor2D[];
  /** For each view float32 `[n]`: 1 where it is mirrored left to right; only where the task asks for it. */
  readonly flips?: readonly tf.Tensor1D[];
}

/** What makes the views, the global ones first, and how many there are. */
export interface ViewsMaker {
  /** Makes all views of a batch: the large ones, then the small ones. */
  readonly transform: ViewsTransform;
  /** The same views with their places in the images; without it they cannot be used by tasks that match places. */
  readonly tracked?: TrackedViewsTransform;
  /** How many large views it makes. */
  readonly numGlobal: number;
  /** How many small views it makes. */
  readonly numLocal: number;
}

/** Makes a {@link ViewsMaker} for images of a size. */
export type ViewsSource = (context: ViewsContext) => ViewsMaker;

/** Up to this side in pixels images get the numbers for CIFAR, above it those for ImageNet. */
export const SMALL_IMAGE = 64;

/** The side of the small views of images of `size` pixels: 96 of 224 as published, rounded to a multiple of the encoder's patches. */
export const localSizeOf = (size: number, patchSize = 1): number => patchSize * Math.max(1, Math.round((size * 96) / 224 / patchSize));

/** The variants of each recipe, by name. */
const variantsOf = recipes as Readonly<Record<string, Readonly<Record<string, { global: readonly unknown[]; local: readonly unknown[] }>>>>;

/** The published recipes of views by name, such as `byol`. */
export const recipeNames: readonly string[] = Object.keys(recipes);

/** What the option `recipe` takes: `name`, or `name/variant` such as `dino/lightly`. */
export const recipeChoices: readonly string[] = [
  ...recipeNames,
  ...recipeNames.flatMap((name) => Object.keys(variantsOf[name]!).map((variant) => `${name}/${variant}`)),
];

/**
 * The views of a published recipe.
 *
 * @param recipe `name`, of which the variant `cifar` is taken for images up to 64 pixels where there is one and `imagenet` otherwise; or `name/variant`
 * @returns see {@link ViewsSource}; global views have the size of the images, local ones 96/224 of it as published, rounded to a
 * multiple of the encoder's patches
 */
export function recipeSource(recipe: string): ViewsSource {
  return ({ size, height, width, mean, std, patchSize }) => {
    const [name, given] = recipe.split('/') as [RecipeName, string?];
    const variants = variantsOf[name]!;
    const variant = given ?? (size <= SMALL_IMAGE && 'cifar' in variants ? 'cifar' : 'imagenet');
    const { global, local } = variants[variant]!;
    const statistics = { mean: [...mean], std: [...std] };
    const options = {
      variant,
      size: [height, width],
      localSize: [localSizeOf(height, patchSize), localSizeOf(width, patchSize)],
      normalize: statistics,
    } as const;
    const [transform, tracked] = [recipeViews(name, options), recipeTrackedViews(name, options)];
    return { transform, tracked, numGlobal: global.length, numLocal: local.length };
  };
}

/**
 * One upright view of a part of each image, mirrored half of the time.
 *
 * @param scale the range of the part's area
 * @returns see {@link ViewsSource}
 */
export function cropSource(scale: readonly [number, number]): ViewsSource {
  return ({ height, width, mean, std }) => {
    const crop = { size: [height, width], scale, ratio: [3 / 4, 4 / 3], flipProbability: 0.5 } as const;
    const changes = [normalize({ mean: [...mean], std: [...std] })];
    const transform = views([compose([randomResizedCrop(crop), ...changes])]);
    return { transform, tracked: trackedCrops([{ crop, changes }]), numGlobal: 1, numLocal: 0 };
  };
}
