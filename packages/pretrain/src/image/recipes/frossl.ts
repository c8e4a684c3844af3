import { frossl } from '@selfsup/pretext-tasks/frossl';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** FroSSL with the authors' weight. */
export const frosslTask = defineImageTask({
  name: 'frossl',
  title: 'FroSSL',
  paper: 'https://arxiv.org/abs/2310.02903',
  summary: 'Views agree, and the spectrum of the projections of each view is flat, by the logarithm of a Frobenius norm.',
  advice: {
    take: 'You want Barlow Twins or VICReg, and runs are short: it makes progress earlier.',
    leave: 'Batches are smaller than about 64: a spectrum of so few rows is noise.',
  },
  options: z.strictObject({
    invarianceWeight: z.number().min(0).default(1.4).describe('weight of the agreement of the views; 1 in lightly'),
    ...headOptions(3),
  }),
  input: manyViews,
  views: recipeSource('byol'),
  create: (parts, options) =>
    frossl({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      invarianceWeight: options.invarianceWeight,
    }),
  collapse: embeddingDimOf,
});
