import { tiles } from '@selfsup/augment';
import { linear } from '@selfsup/encoders';
import { pirl } from '@selfsup/pretext-tasks/pirl';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { patchSizeOf } from '../patch-size.ts';
import { numberedViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { temperature } from './shared-options.ts';
import { checkTiles, tileOf } from './tile-size.ts';

/** PIRL with the paper's numbers; the memory has a row for each image. */
export const pirlTask = defineImageTask({
  name: 'pirl',
  title: 'PIRL',
  paper: 'https://arxiv.org/abs/1912.01991',
  summary: 'An image and its shuffled tiles must both find the memory of the image among those of all others.',
  advice: {
    take: 'You want an image and its shuffled tiles to have the same features: it joins jigsaw puzzles and contrast, with batches of any size.',
    leave: 'Images are smaller than about 32 pixels, or you have millions of them: the memory has a row for each.',
  },
  options: z.strictObject({
    temperature: temperature(0.07),
    puzzleWeight: z.number().min(0).max(1).default(0.5).describe('weight of the loss of tiles; that of whole images has the rest'),
    numNegatives: z
      .int()
      .min(1)
      .default(4096)
      .describe('images whose memories are the negatives of a step, at most all; 32,000 in the paper'),
    memoryMomentum: z.number().min(0).max(1).default(0.5).describe("weight of an image's old memory"),
    grid: z.int().min(2).max(4).default(3).describe('tiles along each side'),
    tileSize: z
      .int()
      .min(1)
      .optional()
      .describe('side of a tile in pixels; default 64/75 of its cell, of 32 pixels 8, rounded to whole patches of the encoder'),
    ...headOptions(1),
  }),
  input: numberedViews,
  views: recipeSource('pirl'),
  create(parts, options) {
    const { backbone, imageSize, numSamples: numImages } = parts;
    const { temperature, puzzleWeight, numNegatives, memoryMomentum, grid, headOutput: outputDim } = options;
    const { tileSize: size = tileOf(imageSize, grid, patchSizeOf(backbone)) } = options;
    checkTiles(parts, grid, size);
    return pirl({
      backbone,
      projectionHead: headOf(parts, options),
      tileHead: linear({ inputDim: backbone.outputDim, outputDim }),
      puzzleHead: linear({ inputDim: grid * grid * outputDim, outputDim }),
      tiling: tiles({ grid, size, standardize: false }),
      numImages,
      outputDim,
      temperature,
      puzzleWeight,
      numNegatives,
      memoryMomentum,
    });
  },
  collapse: embeddingDimOf,
});
