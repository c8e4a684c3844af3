import { nnByol } from '@selfsup/pretext-tasks/nn-byol';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { queueOf, queueSize, rising, risingMomentum } from './shared-options.ts';

/** NNBYOL with solo-learn's momentum. */
export const nnByolTask = defineImageTask({
  name: 'nn-byol',
  title: 'NNBYOL',
  paper: 'https://arxiv.org/abs/2104.14548',
  summary: 'The encoder predicts, from one view, the nearest earlier image of what its slowly moving copy makes of the other.',
  advice: {
    take: 'You want no negatives, and classes have few images, which look different: targets are neighbors, not views alone.',
    leave: 'Runs are short, or the data set has fewer images than the queue has places.',
  },
  options: z.strictObject({
    momentum: risingMomentum(0.99),
    convention: z
      .enum(['byol', 'mean'])
      .default('byol')
      .describe('the loss: the sum of 2 - 2 cos over both directions, or the mean of -cos with a quarter of the gradient'),
    queueSize: queueSize('projections among which neighbors are looked up'),
    ...headOptions(2),
    predictionHidden: predictionHidden('twice headOutput'),
  }),
  input: twoViews,
  views: recipeSource('byol'),
  create(parts, options) {
    const { batchSize, accumulate } = parts.settings;
    const { momentum, convention, headOutput, predictionHidden = 2 * headOutput } = options;
    return nnByol({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      predictionHead: predictor(headOutput, predictionHidden),
      outputDim: headOutput,
      momentum: rising(momentum, parts.totalSteps),
      convention,
      queueSize: queueOf(options.queueSize, batchSize * accumulate),
    });
  },
  collapse: embeddingDimOf,
});
