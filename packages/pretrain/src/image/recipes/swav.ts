import { shareOf } from '@selfsup/core';
import { prototypes } from '@selfsup/encoders';
import { swav } from '@selfsup/pretext-tasks/swav';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { checkQueue, temperature } from './shared-options.ts';

/** SwAV with lightly's prototypes for CIFAR-10; the recipe `swav/imagenet` has small crops. */
export const swavTask = defineImageTask({
  name: 'swav',
  title: 'SwAV',
  paper: 'https://arxiv.org/abs/2006.09882',
  summary: 'Crops of one image predict to which prototypes the others belong, and all prototypes are used equally often.',
  advice: {
    take: 'The data falls into groups, and small crops can add cheap views.',
    leave: 'Batches are smaller than about a tenth of the prototypes: give it a queue.',
  },
  options: z.strictObject({
    temperature: temperature(0.1),
    numPrototypes: z.int().min(1).default(512).describe('prototypes'),
    epsilon: z.number().gt(0).default(0.05).describe('softmax scale of the assignments'),
    iterations: z.int().min(1).default(3).describe('iterations of Sinkhorn and Knopp'),
    queueSize: z
      .int()
      .min(0)
      .default(0)
      .describe('earlier projections that take part in the assignments; 3840 in the paper, for small batches'),
    queueStartEpoch: z.number().min(0).default(0).describe('the epoch from which the queue is filled'),
    freezePrototypesEpochs: z.number().min(0).default(1).describe('epochs during which the prototypes stay as they are'),
    ...headOptions(2),
  }),
  input: multiCropViews,
  views: recipeSource('swav'),
  create(parts, options) {
    const { temperature, numPrototypes, epsilon, iterations, queueSize, queueStartEpoch, freezePrototypesEpochs, headOutput } = options;
    if (queueSize > 0) checkQueue(queueSize, parts.settings.batchSize * parts.settings.accumulate);
    return swav({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      prototypes: prototypes({ inputDim: headOutput, numPrototypes }),
      temperature,
      epsilon,
      iterations,
      queueSize,
      queueStartStep: shareOf(parts.stepsPerEpoch, queueStartEpoch, 'nearest'),
      freezePrototypesSteps: shareOf(parts.stepsPerEpoch, freezePrototypesEpochs, 'nearest'),
    });
  },
  collapse: embeddingDimOf,
});
