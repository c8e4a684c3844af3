import { nnSiam } from '@selfsup/pretext-tasks/nn-siam';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { queueOf, queueSize } from './shared-options.ts';

/** NNSiam. */
export const nnSiamTask = defineImageTask({
  name: 'nn-siam',
  title: 'NNSiam',
  paper: 'https://arxiv.org/abs/2104.14548',
  summary: "A predictor finds, from one view's projection, the nearest earlier projection of the other's, which counts as constant.",
  advice: {
    take: 'You want neighbors as targets, without negatives and without a second network.',
    leave:
      'You must rule out collapse: like `sim-siam`, it collapses where the predictor learns too slowly. Watch `zStd`, or take `vicreg`.',
  },
  options: z.strictObject({
    queueSize: queueSize('projections among which neighbors are looked up'),
    ...headOptions(3),
    predictionHidden: predictionHidden('a quarter of headOutput'),
  }),
  input: twoViews,
  views: recipeSource('sim-siam'),
  create(parts, options) {
    const { batchSize, accumulate } = parts.settings;
    const { headOutput, predictionHidden = Math.max(1, Math.round(headOutput / 4)) } = options;
    return nnSiam({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: 'affine-free' }),
      predictionHead: predictor(headOutput, predictionHidden),
      outputDim: headOutput,
      queueSize: queueOf(options.queueSize, batchSize * accumulate),
    });
  },
  collapse: embeddingDimOf,
});
