import { SelfsupError } from '@selfsup/core';
import { wMse } from '@selfsup/pretext-tasks/w-mse';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** W-MSE with half the paper's columns for CIFAR-10, so that a batch of 128 is whitened well. */
export const wMseTask = defineImageTask({
  name: 'w-mse',
  title: 'W-MSE',
  paper: 'https://arxiv.org/abs/2007.06346',
  summary: 'Views of one image agree after the projections of each view are whitened, which alone keeps them from collapsing.',
  advice: {
    take: "You want only agreement between views, and can afford batches at least twice the head's width.",
    leave: 'Batches are small: whitening so few rows is noise; take `vicreg`.',
  },
  options: z.strictObject({
    epsilon: z
      .number()
      .min(0)
      .lt(1)
      .default(1e-4)
      .describe(
        'how much of the unit matrix, times the mean variance, is mixed into the covariance, so that small batches can be whitened; 0 in the paper',
      ),
    groupSize: z.int().min(2).optional().describe('projections that are whitened together, a divisor of the batch; default all'),
    ...headOptions(2),
    headOutput: z
      .int()
      .min(1)
      .default(32)
      .describe('columns of the projection head, also of one that a config brings; at most half of the batch'),
  }),
  input: manyViews,
  views: recipeSource('w-mse'),
  create(parts, options) {
    const { epsilon, groupSize } = options;
    const updateSize = parts.settings.batchSize * parts.settings.accumulate;
    if (groupSize !== undefined && updateSize % groupSize !== 0)
      throw new SelfsupError('SELFSUP_OPTION', `\`groupSize\` must divide the ${updateSize} images of an update, got ${groupSize}`);
    const projectionHead = headOf(parts, options, { batchNorm: true });
    return wMse({ backbone: parts.backbone, projectionHead, epsilon, shrinkTo: 'variance', ...(groupSize !== undefined && { groupSize }) });
  },
  collapse: embeddingDimOf,
});
