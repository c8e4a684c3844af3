import { normalize, randomResizedCrop, compose, recipes, recipeViews, views, type RecipeName, type ViewsTransform } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { ViewsContext } from '../options/define-run.ts';

/** The views of a batch of images, normalized: large ones and, with multi-crop, small ones. */
export interface ImageViews {
  /** Each `[n, size, size, c]`. */
  readonly global: readonly tf.Tensor4D[];
  /** Each `[n, small, small, c]`; none without multi-crop. */
  readonly local: readonly tf.Tensor4D[];
}

/** What makes the views, the global ones first, and how many there are. */
export interface ViewsMaker {
  readonly transform: ViewsTransform;
  readonly numGlobal: number;
  readonly numLocal: number;
}

/** Makes a {@link ViewsMaker} for images of a size. */
export type ViewsSource = (context: ViewsContext) => ViewsMaker;

/** Up to this side in pixels images get the numbers for CIFAR, above it those for ImageNet. */
export const SMALL_IMAGE = 64;

const variantsOf = (name: string): Readonly<Record<string, { global: readonly unknown[]; local: readonly unknown[] }>> | undefined =>
  Object.hasOwn(recipes, name) ? recipes[name as RecipeName] : undefined;

/** The names that `--recipe` takes. */
export const recipeNames: readonly string[] = Object.keys(recipes);

/** Whether there is a recipe `name` or `name/variant`. */
export function isRecipe(text: string): boolean {
  const [name = '', variant, ...more] = text.split('/');
  const variants = variantsOf(name);
  return variants !== undefined && more.length === 0 && (variant === undefined || Object.hasOwn(variants, variant));
}

/**
 * The views of a published recipe.
 *
 * @param recipe `name`, of which the variant `cifar` is taken for images up to 64 pixels where there is one and `imagenet` otherwise; or `name/variant`
 * @returns see {@link ViewsSource}; global views have the size of the images, local ones 96/224 of it as published, rounded to a
 * multiple of the encoder's patches
 */
export function recipeSource(recipe: string): ViewsSource {
  return ({ size, mean, std, patchSize = 1 }) => {
    const [name, given] = recipe.split('/') as [RecipeName, string?];
    const variants = variantsOf(name)!;
    const variant = given ?? (size <= SMALL_IMAGE && 'cifar' in variants ? 'cifar' : 'imagenet');
    const { global, local } = variants[variant]!;
    const localSize = patchSize * Math.max(1, Math.round((size * 96) / 224 / patchSize));
    const transform = recipeViews(name, { variant, size, localSize, normalize: { mean: [...mean], std: [...std] } });
    return { transform, numGlobal: global.length, numLocal: local.length };
  };
}

/**
 * One upright view of a part of each image, mirrored half of the time.
 *
 * @param scale the range of the part's area
 * @returns see {@link ViewsSource}
 */
export function cropSource(scale: readonly [number, number]): ViewsSource {
  return ({ size, mean, std }) => {
    const crop = randomResizedCrop({ size, scale, ratio: [3 / 4, 4 / 3], flipProbability: 0.5 });
    const transform = views([compose([crop, normalize({ mean: [...mean], std: [...std] })])]);
    return { transform, numGlobal: 1, numLocal: 0 };
  };
}

/** What a task takes: how many views, and under which names. */
export interface TaskInput {
  /** In words, for messages. */
  readonly description: string;
  /** The fewest and the most global views. */
  readonly numGlobal: readonly [least: number, most: number];
  /** Whether it takes local views too. */
  readonly local: boolean;
  /** Whether it takes clips of videos: views whose channels are those of one frame after another. */
  readonly clips?: boolean;
  /** The batch of the task; `clipLength`, the frames of a clip, is 1 for images. */
  toBatch(views: ImageViews, clipLength?: number): Readonly<Record<string, tf.Tensor | readonly tf.Tensor4D[]>>;
}

/** `images`: one view of each image. */
export const oneView: TaskInput = {
  description: 'one view',
  numGlobal: [1, 1],
  local: false,
  toBatch: ({ global }) => ({ images: global[0]! }),
};

/** `views`: two of one size. */
export const twoViews: TaskInput = {
  description: 'two views of one size',
  numGlobal: [2, 2],
  local: false,
  toBatch: ({ global }) => ({ views: global }),
};

/** `views`: two or more of one size. */
export const manyViews: TaskInput = { ...twoViews, description: 'two or more views of one size', numGlobal: [2, Infinity] };

/** `views`: two large ones and any number of small ones after them; `recipeSource('dino/imagenet')` has small ones for images of any size. */
export const multiCropViews: TaskInput = {
  description: 'two large views and any number of small ones',
  numGlobal: [2, 2],
  local: true,
  toBatch: ({ global, local }) => ({ views: [...global, ...local] }),
};

/** Throws unless a task takes so many views; `source` says where they come from. */
export function assertViewsFit(
  input: TaskInput,
  counts: { numGlobal: number; numLocal: number },
  { task, source }: Record<'task' | 'source', string>,
): void {
  const { numGlobal, numLocal } = counts;
  const [least, most] = input.numGlobal;
  if (numGlobal >= least && numGlobal <= most && (numLocal === 0 || input.local)) return;
  const got = numLocal === 0 ? `${numGlobal}` : `${numGlobal} large and ${numLocal} small ones`;
  throw new SelfsupError('SELFSUP_OPTION', `--task ${task} takes ${input.description}, ${source} makes ${got}`);
}
