import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { recipes, recipeViews, type RecipeName } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, SelfsupError } from '@selfsup/core';
import type { ImageDataset } from '@selfsup/data';
import { openImages } from '@selfsup/data/node';
import * as tf from '@tensorflow/tfjs-core';
import type { SessionOptions } from '../options/define-run.ts';
import type { Output } from '../output/output.ts';
import { drawGrid, type Picture } from '../report/draw-grid.ts';

/** The flags of `selfsup augment`. */
export interface AugmentFlags extends Pick<SessionOptions, 'backend'> {
  recipe: string;
  data: string;
  out: string;
  variant?: string;
  images?: number;
  imageSize?: number;
  seed?: number;
}

const MAX_IMAGES = 64;
/** Sides of a picture in the grid, in pixels. */
const [SMALLEST, LARGEST] = [64, 224];

function checkFlags({ recipe, out, images = 8 }: AugmentFlags): void {
  if (!Object.hasOwn(recipes, recipe))
    throw new SelfsupError('SELFSUP_OPTION', `unknown recipe '${recipe}'; known: ${Object.keys(recipes).join(', ')}`);
  if (!out.endsWith('.png')) throw new SelfsupError('SELFSUP_OPTION', `--out must be a .png file, got ${out}`);
  if (!Number.isSafeInteger(images) || images < 1 || images > MAX_IMAGES)
    throw new SelfsupError('SELFSUP_OPTION', `--images must be an integer from 1 to ${MAX_IMAGES}, got ${images}`);
}

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

async function readFirst(dataset: ImageDataset, count: number): Promise<tf.Tensor4D> {
  const { pixels, shape } = await dataset.read(Array.from({ length: Math.min(count, dataset.length) }, (_, i) => i));
  return tf.tensor4d(
    Float32Array.from(pixels, (value) => value / 255),
    [...shape],
  );
}

/**
 * `selfsup augment`: draws images and the views that a recipe makes of them side by side.
 *
 * @param flags see {@link AugmentFlags}
 * @param output where to report
 * @returns the exit code
 */
export async function runAugment(flags: AugmentFlags, output: Output): Promise<number> {
  checkFlags(flags);
  const { data, out, seed = 0, images: count = 8, imageSize } = flags;
  const recipe = flags.recipe as RecipeName;
  const backend = await selectBackend({ prefer: flags.backend ?? 'auto' });
  const { train } = await openImages(data, { seed, limit: count, ...(imageSize === undefined ? {} : { imageSize }) });
  const size = Math.min(train.height, train.width);
  const { variant = size <= 32 && Object.hasOwn(recipes[recipe], 'cifar') ? 'cifar' : 'imagenet' } = flags;
  // small views keep the proportion of 96 to 224 pixels
  const transform = recipeViews(recipe, { variant, size, localSize: Math.max(1, Math.round((size * 96) / 224)) });
  const originals = await readFirst(train, count);
  const views = transform(originals, createRng(seed).fold('augment'));
  const columns = await Promise.all([originals, ...views].map(picturesOf));
  tf.dispose([originals, views]);
  const tile = Math.min(LARGEST, Math.max(SMALLEST, size));
  const rows = columns[0]!.map((_, image) => columns.map((column) => column[image]!));
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, await drawGrid(rows, { tile, scale: tile / size }));
  output.line(`${out}: in each row an image and its views by ${recipe} (${variant}), ${rows.length} × ${columns.length} pictures`);
  output.event('result', {
    command: 'augment',
    recipe,
    variant,
    dataset: train.name,
    backend: backend.name,
    seed,
    images: rows.length,
    views: views.length,
    size,
    out,
  });
  return 0;
}
