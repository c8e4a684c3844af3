import { vicreg } from '@selfsup/pretext-tasks/vicreg';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** VICReg. */
export const vicregTask = defineImageTask({
  name: 'vicreg',
  title: 'VICReg',
  paper: 'https://arxiv.org/abs/2105.04906',
  summary: "Two views' projections agree while every column keeps its variance and none covaries with another.",
  advice: {
    take: 'You want a method that does not collapse, with small batches and without negatives or a second network. A wide head serves it, 2,048 columns (`headOutput`, `headHidden`).',
    leave: 'The default weights do not suit the data: you have three of them to tune.',
  },
  options: z.strictObject({
    invarianceWeight: z.number().min(0).default(25).describe('weight of the distance of both views'),
    varianceWeight: z.number().min(0).default(25).describe("weight of the columns' variance"),
    covarianceWeight: z.number().min(0).default(1).describe("weight of the columns' covariance"),
    convention: z
      .enum(['halved', 'summed'])
      .default('halved')
      .describe("the variance term: the mean of both views', or their sum as in solo-learn"),
    ...headOptions(3),
  }),
  input: twoViews,
  views: recipeSource('vicreg'),
  rateScale: { sgd: 0.25 }, // its weights make the loss large
  create(parts, options) {
    const { invarianceWeight, varianceWeight, covarianceWeight, convention } = options;
    const projectionHead = headOf(parts, options, { batchNorm: true, biasLast: false });
    return vicreg({ backbone: parts.backbone, projectionHead, invarianceWeight, varianceWeight, covarianceWeight, convention });
  },
  collapse: embeddingDimOf,
});
