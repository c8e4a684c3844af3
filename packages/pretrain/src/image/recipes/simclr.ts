import { simclr } from '@selfsup/pretext-tasks/simclr';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { temperature } from './shared-options.ts';

/** SimCLR. */
export const simclrTask = defineImageTask({
  name: 'simclr',
  title: 'SimCLR',
  paper: 'https://arxiv.org/abs/2002.05709',
  summary: 'The encoder learns to tell two views of an image from the views of all other images in the batch.',
  advice: {
    take: 'You know nothing about the data yet: it is the method to begin with, has few knobs, and is the best understood.',
    leave: 'Only small batches fit: use `--accumulate`, `dcl` or `moco`.',
  },
  options: z.strictObject({
    temperature: temperature(0.2),
    convention: z
      .enum(['mean', 'sum-of-views'])
      .default('mean')
      .describe("the loss: its mean over all views, or the sum of both views' means as in Google's code"),
    ...headOptions(2),
  }),
  input: manyViews,
  views: recipeSource('simclr'),
  create: (parts, options) =>
    simclr({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options),
      temperature: options.temperature,
      convention: options.convention,
    }),
  collapse: embeddingDimOf,
});
