import { nnclr } from '@selfsup/pretext-tasks/nnclr';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { queueOf, queueSize, temperature } from './shared-options.ts';

/** NNCLR; the paper's queue of 98,304 would be ten times a small data set. */
export const nnclrTask = defineImageTask({
  name: 'nnclr',
  title: 'NNCLR',
  paper: 'https://arxiv.org/abs/2104.14548',
  summary: "A prediction from one view must find the nearest neighbor, among earlier images, of the image's other view.",
  advice: {
    take: 'Classes have few images, which look different: positives are neighbors, not views alone.',
    leave: 'The data set has fewer images than the queue has places.',
  },
  options: z.strictObject({
    temperature: temperature(0.1),
    queueSize: queueSize('projections among which neighbors are looked up'),
    ...headOptions(3),
    predictionHidden: predictionHidden('twice headOutput'),
  }),
  input: twoViews,
  views: recipeSource('nnclr'),
  create(parts, options) {
    const { batchSize, accumulate } = parts.settings;
    const { temperature, headOutput, predictionHidden = 2 * headOutput } = options;
    return nnclr({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: true }),
      predictionHead: predictor(headOutput, predictionHidden),
      outputDim: headOutput,
      temperature,
      queueSize: queueOf(options.queueSize, batchSize * accumulate),
    });
  },
  collapse: embeddingDimOf,
});
