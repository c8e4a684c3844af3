import { simSiam } from '@selfsup/pretext-tasks/sim-siam';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';

/** SimSiam. */
export const simSiamTask = defineImageTask({
  name: 'sim-siam',
  title: 'SimSiam',
  paper: 'https://arxiv.org/abs/2011.10566',
  summary: "A predictor finds one view's projection from the other's, which counts as constant.",
  advice: {
    take: 'You want the simplest thing that works without negatives and without a second network.',
    leave: 'You must rule out collapse: it collapses where the predictor learns too slowly. Watch `zStd`, or take `vicreg`.',
  },
  options: z.strictObject({
    stopGradient: z
      .boolean()
      .default(true)
      .describe("whether what is predicted counts as constant; false is the paper's ablation, which collapses"),
    ...headOptions(3),
    predictionHidden: predictionHidden('a quarter of headOutput'),
  }),
  input: twoViews,
  views: recipeSource('sim-siam'),
  create(parts, options) {
    const { stopGradient, headOutput, predictionHidden = Math.max(1, Math.round(headOutput / 4)) } = options;
    return simSiam({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: 'affine-free' }),
      predictionHead: predictor(headOutput, predictionHidden),
      stopGradient,
    });
  },
  collapse: embeddingDimOf,
});
