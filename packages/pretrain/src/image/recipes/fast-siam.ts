import { fastSiam } from '@selfsup/pretext-tasks/fast-siam';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';

/** FastSiam with four views. */
export const fastSiamTask = defineImageTask({
  name: 'fast-siam',
  title: 'FastSiam',
  paper: 'https://link.springer.com/chapter/10.1007/978-3-031-16788-1_4',
  summary: "From each view a predictor finds the mean projection of the image's other views, which counts as constant.",
  advice: {
    take: 'You want SimSiam with steadier targets, each the mean of three views. The paper trains with batches of 32 (`--batch-size 32`); the default is 128.',
    leave:
      'You must rule out collapse: as with `sim-siam`, watch `zStd`, or take `vicreg`. Or updates must be cheap: each takes four views.',
  },
  options: z.strictObject({ ...headOptions(3), predictionHidden: predictionHidden('a quarter of headOutput') }),
  input: manyViews,
  views: recipeSource('fast-siam'),
  create(parts, options) {
    const { headOutput, predictionHidden = Math.max(1, Math.round(headOutput / 4)) } = options;
    return fastSiam({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: 'affine-free' }),
      predictionHead: predictor(headOutput, predictionHidden),
    });
  },
  collapse: embeddingDimOf,
});
