import { SelfsupError } from '@selfsup/core';
import { smog } from '@selfsup/pretext-tasks/smog';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { constantMomentum, queueOf, queueSize, temperature } from './shared-options.ts';

/** The paper's updates between two resets; small data has fewer in an epoch. */
/** Groups of enough images; also what runs have that were begun when it was the default for any number of them. */
const USUAL_GROUPS = 300;
const RESET_STEPS = 300;

/** SMoG with lightly's groups and momentum for CIFAR. */
export const smogTask = defineImageTask({
  name: 'smog',
  title: 'SMoG',
  paper: 'https://arxiv.org/abs/2207.06167',
  summary: 'A view predicts to which group its image belongs; groups move with each batch, and the gradient goes through them.',
  advice: {
    take: 'The data falls into groups, and you worry about negatives from the same group.',
    leave: 'You have so few images that groups of ten or more are only a handful: take `swav`.',
  },
  options: z.strictObject({
    numGroups: z.int().min(1).optional().describe('groups; default 300, or a tenth of the images where that is less; 3000 in the paper'),
    temperature: temperature(0.1),
    groupMomentum: z.number().min(0).max(1).default(0.99).describe("weight of a group's old vector"),
    momentum: constantMomentum(0.99),
    resetSteps: z
      .int()
      .min(0)
      .optional()
      .describe('updates after which groups are found anew by k-means; 0: never; default those of an epoch, at most 300'),
    queueSize: queueSize('projections in which groups are found anew'),
    ...headOptions(2),
    predictionHidden: predictionHidden('twice headOutput'),
  }),
  input: twoViews,
  views: recipeSource('simclr'),
  create(parts, options) {
    const { backbone, settings, stepsPerEpoch, numSamples } = parts;
    const { numGroups = Math.min(USUAL_GROUPS, Math.max(1, Math.floor(numSamples / 10))) } = options;
    if (numGroups > numSamples && numGroups !== USUAL_GROUPS)
      throw new SelfsupError('SELFSUP_OPTION', `\`numGroups\` must be at most ${numSamples}, the number of images, got ${numGroups}`);
    const { temperature, groupMomentum, momentum, headOutput, predictionHidden = 2 * headOutput } = options;
    return smog({
      backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: 'affine-free' }),
      predictionHead: predictor(headOutput, predictionHidden),
      outputDim: headOutput,
      numGroups,
      temperature,
      groupMomentum,
      momentum,
      resetSteps: options.resetSteps ?? Math.min(RESET_STEPS, stepsPerEpoch),
      queueSize: queueOf(options.queueSize, settings.batchSize * settings.accumulate),
    });
  },
  collapse: ({ headOutput, momentum }) => ({ embeddingDim: headOutput, momentum }),
});
