import { lejepa } from '@selfsup/pretext-tasks/lejepa';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyCropViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** LeJEPA; a narrow head, as in the authors' code. */
export const lejepaTask = defineImageTask({
  name: 'lejepa',
  title: 'LeJEPA',
  paper: 'https://arxiv.org/abs/2511.08544',
  summary:
    'All crops of an image are pulled to the mean of its large ones, while the distribution of the projections is kept an isotropic Gaussian.',
  advice: {
    take: 'You want one knob and no tricks: no negatives, no moving copy, no schedule; for any encoder.',
    leave: 'Batches are smaller than about 64: the distribution of so few rows says little; take `vicreg` or `moco`.',
  },
  options: z.strictObject({
    regularizationWeight: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('weight of the distance from a Gaussian; the agreement of the crops has the rest'),
    numSlices: z
      .int()
      .min(1)
      .default(256)
      .describe('random directions of a step along which the projections are looked at; 1024 in the paper'),
    tMax: z.number().gt(0).default(3).describe('characteristic functions are compared up to it'),
    numPoints: z.int().min(2).default(17).describe('at so many points'),
    ...headOptions(3),
    headOutput: z.int().min(1).default(64).describe('columns of the projection head, also of one that a config brings'),
  }),
  input: manyCropViews,
  views: recipeSource('lejepa'),
  defaults: { optimizer: 'adamw' },
  create(parts, options) {
    const { regularizationWeight, numSlices, tMax, numPoints } = options;
    const projectionHead = headOf(parts, options, { batchNorm: true });
    return lejepa({ backbone: parts.backbone, projectionHead, regularizationWeight, numSlices, tMax, numPoints });
  },
  collapse: embeddingDimOf,
});
