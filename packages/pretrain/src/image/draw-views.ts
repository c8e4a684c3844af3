import * as tf from '@tensorflow/tfjs-core';
import { RECIPE_STEPS, recipes, recipeViews, type Recipe, type RecipeName, type RecipeStep, type ViewRecipe } from '@selfsup/augment';
import { createRng, SelfsupError } from '@selfsup/core';
import { toImages, type ImageDataset } from '@selfsup/data';
import { suggest } from '../suggest.ts';
import { localSizeOf, recipeNames } from './image-views.ts';

/** A picture of bytes, row by row. */
export interface Picture {
  /** `height · width · channels` bytes. */
  readonly pixels: Uint8Array;
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
  /** 1 gray, 3 RGB, or others. */
  readonly channels: number;
}

/** Options of {@link drawViews}. */
export interface DrawViewsOptions {
  /** The recipe of the views, such as `byol`; instead of `operations`. */
  readonly recipe?: string | undefined;
  /** Operations to look at, such as `rotation`: one view for each, of the whole image, always done. */
  readonly operations?: readonly string[] | undefined;
  /** Its variant, such as `lightly`; default `cifar` up to images of 32 pixels where there is one, and `imagenet` otherwise. */
  readonly variant?: string | undefined;
  /** How many images, from the first on; an integer from 1 to 64, default 8. */
  readonly images?: number | undefined;
  /** The seed of the views; default 0. */
  readonly seed?: number | undefined;
}

/** Images with the views that a recipe makes of them. */
export interface DrawnViews {
  /** For each image itself, then its views; all rows as long. */
  readonly rows: readonly (readonly Picture[])[];
  /** The variant of the recipe; undefined for operations. */
  readonly variant: string | undefined;
  /** The side of images and large views in pixels, the shorter one where they are not square. */
  readonly size: number;
}

const MAX_IMAGES = 64;

/** The images of a tensor `[n, h, w, c]` in [0, 1], as bytes. */
async function picturesOf(images: tf.Tensor4D): Promise<Picture[]> {
  const [n, height, width, channels] = images.shape;
  const values = await images.data();
  const size = height * width * channels;
  return Array.from({ length: n }, (_, i) => ({
    pixels: Uint8Array.from(values.subarray(i * size, (i + 1) * size), (value) => Math.round(255 * Math.min(1, Math.max(0, value)))),
    height,
    width,
    channels,
  }));
}

/** One view of the whole image for each operation, which is always done, with strengths that can be seen. */
function operationsRecipe(operations: readonly string[], { height, width }: Record<'height' | 'width', number>): Recipe {
  if (operations.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'drawViews: `operations` must name one or more');
  const size = Math.min(height, width);
  const always = { probability: 1 };
  const strengths: Partial<Record<RecipeStep, object>> = {
    colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
    localContrast: { probability: undefined },
    spectrum: {
      amplitude: always,
      phase: always,
      mask: always,
      gaussians: { probability: 0 },
    },
    affine: { degrees: [-30, 30], translate: [0.1, 0.1], scale: [0.7, 1.3], shearX: [-15, 15] },
    blur: { sigma: [size / 32, size / 16] },
  };
  const aspect = width / height;
  const global = operations.map((operation): ViewRecipe => {
    if (!RECIPE_STEPS.includes(operation as RecipeStep))
      throw new SelfsupError('SELFSUP_OPTION', `unknown operation '${operation}'${suggest(operation, RECIPE_STEPS)}`);
    const { [operation as RecipeStep]: strength } = strengths;
    return { size, crop: { scale: [1, 1], ratio: [aspect, aspect] }, [operation]: { ...always, ...strength } };
  });
  return { global, local: [] };
}

/**
 * Makes the views of a recipe, or of single operations, of some images, to look at.
 *
 * @param dataset the images
 * @param options see {@link DrawViewsOptions}
 * @returns see {@link DrawnViews}
 * @throws SelfsupError `SELFSUP_OPTION` on an unknown recipe, variant or operation, none or both of recipe and operations, or a number of images out of range; `SELFSUP_DATA` when none can be read
 */
export async function drawViews(dataset: ImageDataset, options: DrawViewsOptions): Promise<DrawnViews> {
  const { images: count = 8, seed = 0, recipe: name, operations } = options;
  if ((name === undefined) === (operations === undefined))
    throw new SelfsupError('SELFSUP_OPTION', 'drawViews: one of `recipe` and `operations` must be given');
  if (name !== undefined && !Object.hasOwn(recipes, name))
    throw new SelfsupError('SELFSUP_OPTION', `unknown recipe '${name}'${suggest(name, recipeNames)}`);
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_IMAGES)
    throw new SelfsupError('SELFSUP_OPTION', `drawViews: \`images\` must be an integer from 1 to ${MAX_IMAGES}, got ${count}`);
  const { height, width } = dataset;
  const size = Math.min(height, width);
  const chosen = operations ? operationsRecipe(operations, dataset) : (name as RecipeName);
  const { variant = size <= 32 && typeof chosen === 'string' && Object.hasOwn(recipes[chosen], 'cifar') ? 'cifar' : 'imagenet' } = options;
  const transform = recipeViews(chosen, { variant, size: [height, width], localSize: [localSizeOf(height), localSizeOf(width)] });
  const read = await dataset.read(Array.from({ length: Math.min(count, dataset.length) }, (_, i) => i));
  if (read.indices.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${count === 1 ? 'the first image' : `not one of the first ${count} images`} of ${dataset.name} can${count === 1 ? 'not' : ''} be read; check its files`,
    );
  const originals = toImages(read);
  const views = transform(originals, createRng(seed).fold('augment'));
  try {
    const columns = await Promise.all([originals, ...views].map(picturesOf));
    return {
      rows: columns[0]!.map((_, image) => columns.map((column) => column[image]!)),
      variant: operations ? undefined : variant,
      size,
    };
  } finally {
    tf.dispose([originals, views]);
  }
}
