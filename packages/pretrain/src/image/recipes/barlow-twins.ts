import { barlowTwins } from '@selfsup/pretext-tasks/barlow-twins';
import { z } from 'zod';
import { isPatchEncoder } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** Barlow Twins. */
export const barlowTwinsTask = defineImageTask({
  name: 'barlow-twins',
  title: 'Barlow Twins',
  paper: 'https://arxiv.org/abs/2103.03230',
  summary: "The columns of two views' projections correlate one to one, and not with each other.",
  advice: {
    take: 'You want features without redundancy, from batches of any size and without negatives.',
    leave: 'The projection is narrow: it benefits from thousands of columns.',
  },
  options: z.strictObject({
    lambda: z.number().min(0).default(0.0051).describe('weight of the correlations between different columns'),
    scale: z.number().gt(0).default(1).describe('the loss is multiplied by it; solo-learn has 0.1 on CIFAR'),
    ...headOptions(3),
  }),
  input: twoViews,
  views: recipeSource('barlow-twins'),
  // LARS is the paper's; the loss is a sum over the head's columns, for which the rate of SGD elsewhere is too high
  defaults: ({ encoder }) => (isPatchEncoder(encoder) ? {} : { optimizer: 'lars' }),
  create(parts, options) {
    const { lambda, scale } = options;
    const projectionHead = headOf(parts, options, { batchNorm: true, biasLast: false });
    return barlowTwins({ backbone: parts.backbone, projectionHead, lambda, scale });
  },
  collapse: embeddingDimOf,
});
