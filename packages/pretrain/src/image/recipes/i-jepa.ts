import { jepaBlocks } from '@selfsup/augment';
import { linearWarmup } from '@selfsup/core';
import { jepaPredictor } from '@selfsup/encoders';
import { iJepa } from '@selfsup/pretext-tasks/i-jepa';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource, SMALL_IMAGE } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { checkSeveralPatches, patchEncoder } from './masked-images.ts';
import { predictorSize, risingMomentum } from './shared-options.ts';

const part = z.number().gt(0).max(1);
const range = (low: number, high: number) =>
  z
    .tuple([part, part])
    .refine(([least, most]) => least <= most, 'the first must not be above the second')
    .default([low, high]);

/** I-JEPA; the predictor is half as wide as the encoder, and half as deep as the paper's for small images. */
export const iJepaTask = defineImageTask({
  name: 'i-jepa',
  aliases: ['jepa'],
  title: 'I-JEPA',
  paper: 'https://arxiv.org/abs/2301.08243',
  summary:
    'From the states of a large block of an image, a predictor tells those of smaller blocks, as a slowly moving copy of the encoder sees them.',
  advice: {
    take: 'You want features that say what is where, without hand-made augmentations, and have time for a few thousand updates of a Vision Transformer.',
    leave: 'Runs are short, or images are so small that a block is only a few patches.',
  },
  options: z.strictObject({
    numTargets: z.int().min(1).default(4).describe('blocks of each image that are predicted'),
    targetScale: range(0.15, 0.2).describe("the least and the greatest part of the image's patches in such a block"),
    contextScale: range(0.85, 1).describe('the same of the block from which they are, before their patches are taken out of it'),
    momentum: risingMomentum(0.996),
    distance: z
      .enum(['smooth-l1', 'squared'])
      .default('smooth-l1')
      .describe('how far states are apart: squared up to a difference of 1 and linear beyond, or squared'),
    predictorLayers: z
      .int()
      .min(1)
      .optional()
      .describe(`transformer blocks of the predictor; default 3 up to images of ${SMALL_IMAGE} pixels, 6 above`),
    predictorWidth: z.int().min(4).optional().describe('its columns, a multiple of 4; default half of those of the encoder, at most 384'),
    predictorHeads: z.int().min(1).optional().describe('heads of its attention; default one for 32 columns'),
  }),
  input: oneView,
  views: recipeSource('i-jepa'),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { classToken: false, pooling: 'mean' },
  defaults: { optimizer: 'adamw' },
  create({ backbone, imageSize, totalSteps }, options) {
    const encoder = patchEncoder('i-jepa', backbone);
    const { outputDim: inputDim, gridSize } = encoder;
    checkSeveralPatches('i-jepa', encoder);
    const { numTargets, targetScale, contextScale, momentum, distance } = options;
    const { width, numHeads } = predictorSize(options, Math.max(4, Math.min(384, 4 * Math.round(inputDim / 8))));
    const { predictorLayers: numLayers = imageSize <= SMALL_IMAGE ? 3 : 6 } = options;
    return iJepa({
      backbone: encoder,
      predictor: jepaPredictor({ inputDim, gridSize, width, numHeads, numLayers }),
      masking: jepaBlocks({ gridSize, numTargets, targetScale, contextScale }),
      momentum: linearWarmup({ from: momentum, to: 1, steps: totalSteps }),
      distance,
    });
  },
});
