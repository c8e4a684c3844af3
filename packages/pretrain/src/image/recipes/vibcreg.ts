import { vibcreg } from '@selfsup/pretext-tasks/vibcreg';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** VIbCReg with solo-learn's weights. */
export const vibcregTask = defineImageTask({
  name: 'vibcreg',
  title: 'VIbCReg',
  paper: 'https://arxiv.org/abs/2109.00783',
  summary: "Two views' projections agree while every column keeps its variance and none correlates with another.",
  advice: {
    take: "You want VICReg, but its covariance term is hard to weigh: correlations do not depend on the columns' scale.",
    leave: '`vicreg` works for you: it has been tried more.',
  },
  options: z.strictObject({
    invarianceWeight: z.number().min(0).default(25).describe('weight of the distance of both views'),
    varianceWeight: z.number().min(0).default(25).describe("weight of the columns' variance"),
    covarianceWeight: z.number().min(0).default(200).describe("weight of the columns' correlation"),
    ...headOptions(3),
  }),
  input: twoViews,
  views: recipeSource('vicreg'),
  create(parts, options) {
    const { invarianceWeight, varianceWeight, covarianceWeight } = options;
    const projectionHead = headOf(parts, options, { batchNorm: true, biasLast: false });
    return vibcreg({ backbone: parts.backbone, projectionHead, invarianceWeight, varianceWeight, covarianceWeight });
  },
  collapse: embeddingDimOf,
});
