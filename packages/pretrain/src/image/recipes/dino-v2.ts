import { dinoV2 } from '@selfsup/pretext-tasks/dino-v2';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { patchDistillationOptions, patchDistillationParts } from './patch-distillation.ts';
import { rising } from './shared-options.ts';

/** DINOv2's objective with as many outputs as `dino` has for small data; the recipe `dino-v2/imagenet` has small crops. */
export const dinoV2Task = defineImageTask({
  name: 'dino-v2',
  title: 'DINOv2',
  paper: 'https://arxiv.org/abs/2304.07193',
  summary: 'Like iBOT, with targets that use all outputs equally and features that keep away from each other.',
  advice: {
    take: 'As for `ibot`, where `dino` or `ibot` leaves outputs unused: its targets are balanced in every update.',
    leave: 'Updates have few images: balancing and spreading need a few dozen, or `--accumulate`.',
  },
  options: z.strictObject({
    ...patchDistillationOptions('untied'),
    centering: z
      .enum(['sinkhorn', 'center'])
      .default('sinkhorn')
      .describe("what keeps all outputs in use: iterations of Sinkhorn and Knopp over an update's targets, or DINO's moving centers"),
    iterations: z.int().min(1).default(3).describe('iterations of Sinkhorn and Knopp'),
    koLeoWeight: z.number().min(0).default(0.1).describe('weight of KoLeo, which spreads the features'),
  }),
  input: multiCropViews,
  views: recipeSource('dino-v2'),
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true },
  defaults: { optimizer: 'adamw' },
  create(parts, options) {
    const { outputDim, studentTemperature, patchWeight, momentum, centerMomentum, centering, iterations, koLeoWeight } = options;
    return dinoV2({
      ...patchDistillationParts('dino-v2', parts, options),
      outputDim,
      centering,
      iterations,
      studentTemperature,
      patchWeight,
      koLeoWeight,
      momentum: rising(momentum, parts.totalSteps),
      centerMomentum,
    });
  },
  collapse: ({ outputDim }) => ({ embeddingDim: outputDim }),
});
