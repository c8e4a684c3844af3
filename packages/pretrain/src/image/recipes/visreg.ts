import { visreg } from '@selfsup/pretext-tasks/visreg';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyCropViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** VISReg with the paper's weight for small data. */
export const visregTask = defineImageTask({
  name: 'visreg',
  title: 'VISReg',
  paper: 'https://arxiv.org/abs/2606.02572',
  summary:
    'All crops of an image are pulled to the mean of its large ones, while means, deviations and the shape of the distribution stay those of a Gaussian.',
  advice: {
    take: 'You want LeJEPA, but its projections collapse at the start or are badly scaled.',
    leave: 'Batches are smaller than about 64, or time is short: because it sorts, it costs more than `lejepa`.',
  },
  options: z.strictObject({
    regularizationWeight: z
      .number()
      .min(0)
      .max(1)
      .default(0.6)
      .describe('weight of all regularizers together; the agreement of the crops has the rest'),
    scaleWeight: z.number().min(0).default(1).describe("weight of the columns' deviations"),
    shapeWeight: z.number().min(0).default(1).describe('weight of the distribution along random directions'),
    centerWeight: z.number().min(0).default(1).describe("weight of the columns' means"),
    numSlices: z
      .int()
      .min(1)
      .default(256)
      .describe('random directions of a step along which the projections are looked at; 4096 in the paper'),
    ...headOptions(3),
    headOutput: z.int().min(1).default(64).describe('columns of the projection head, also of one that a config brings'),
  }),
  input: manyCropViews,
  views: recipeSource('visreg'),
  defaults: { optimizer: 'adamw' },
  create(parts, options) {
    const { regularizationWeight, scaleWeight, shapeWeight, centerWeight, numSlices } = options;
    const projectionHead = headOf(parts, options, { batchNorm: true });
    return visreg({ backbone: parts.backbone, projectionHead, regularizationWeight, scaleWeight, shapeWeight, centerWeight, numSlices });
  },
  collapse: embeddingDimOf,
});
