import { tico } from '@selfsup/pretext-tasks/tico';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { rising, risingMomentum } from './shared-options.ts';

/** TiCo with the paper's weights. */
export const ticoTask = defineImageTask({
  name: 'tico',
  title: 'TiCo',
  paper: 'https://arxiv.org/abs/2206.10698',
  summary:
    'A view comes close to what a slowly moving copy makes of the other, and directions that embeddings took lately are made expensive.',
  advice: {
    take: 'You want MoCo without a queue: a matrix of second moments stands for all earlier embeddings.',
    leave: 'Runs are short: the moving copy needs a few thousand updates.',
  },
  options: z.strictObject({
    momentum: risingMomentum(0.99),
    covarianceMomentum: z.number().min(0).max(1).default(0.9).describe('weight of the old second moments'),
    covarianceWeight: z.number().min(0).default(8).describe('weight of the covariance contrast'),
    convention: z
      .enum(['paper', 'lightly'])
      .default('paper')
      .describe('whether the moments of an update have a gradient, or are constants as in lightly'),
    ...headOptions(2),
  }),
  input: twoViews,
  views: recipeSource('byol'),
  create(parts, options) {
    const { momentum, covarianceMomentum, covarianceWeight, convention, headOutput: outputDim } = options;
    const projectionHead = headOf(parts, options, { batchNorm: true });
    const moving = { momentum: rising(momentum, parts.totalSteps), covarianceMomentum };
    return tico({ backbone: parts.backbone, projectionHead, outputDim, covarianceWeight, convention, ...moving });
  },
  collapse: embeddingDimOf,
});
