import { byol } from '@selfsup/pretext-tasks/byol';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { rising, risingMomentum } from './shared-options.ts';

/** BYOL with solo-learn's momentum for CIFAR, as runs on small data have few updates. */
export const byolTask = defineImageTask({
  name: 'byol',
  title: 'BYOL',
  paper: 'https://arxiv.org/abs/2006.07733',
  summary: 'The encoder predicts, from one view, what its slowly moving copy makes of the other.',
  advice: {
    take: 'You want no negatives, for example because of many near-duplicates, and have time for a few thousand updates.',
    leave: 'Runs are short, or you must do without batch normalization, which it needs.',
  },
  options: z.strictObject({
    momentum: risingMomentum(0.99),
    convention: z
      .enum(['byol', 'mean'])
      .default('byol')
      .describe('the loss: the sum of 2 - 2 cos over both directions, or the mean of -cos with a quarter of the gradient'),
    ...headOptions(2),
    predictionHidden: predictionHidden('twice headOutput'),
  }),
  input: twoViews,
  views: recipeSource('byol'),
  create(parts, options) {
    const { momentum, convention, headOutput, predictionHidden = 2 * headOutput } = options;
    return byol({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      predictionHead: predictor(headOutput, predictionHidden),
      momentum: rising(momentum, parts.totalSteps),
      convention,
    });
  },
  collapse: embeddingDimOf,
});
