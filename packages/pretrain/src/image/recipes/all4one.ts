import { SelfsupError } from '@selfsup/core';
import { neighborEncoder } from '@selfsup/encoders';
import { all4One } from '@selfsup/pretext-tasks/all4one';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { queueOf, queueSize, rising, risingMomentum, temperature } from './shared-options.ts';

const weight = (of: string) => z.number().min(0).default(0.5).describe(`weight of ${of}`);

/** All4One with the authors' numbers for CIFAR and a queue for small data. */
export const all4OneTask = defineImageTask({
  name: 'all4one',
  title: 'All4One',
  paper: 'https://arxiv.org/abs/2303.09417',
  summary:
    'The encoder finds the nearest earlier images of the other view, one by one and by self-attention over several, and keeps columns apart.',
  advice: {
    take: 'Accuracy matters more than time: one loss joins neighbors, attention over them and the idea of Barlow Twins.',
    leave: 'Updates must be cheap, or you know too little about the data to weigh three terms: take `nnclr`, which is most of it.',
  },
  options: z.strictObject({
    temperature: temperature(0.2),
    centroidTemperature: z.number().gt(0).default(0.1).describe('similarities to the attended neighbors are divided by it'),
    numNeighbors: z.int().min(2).default(5).describe('neighbors that the attention sees'),
    neighborWeight: weight('the contrast with nearest neighbors'),
    centroidWeight: weight('the contrast with attended neighbors'),
    featureWeight: weight('the contrast of features'),
    momentum: risingMomentum(0.99),
    queueSize: queueSize('projections among which neighbors are looked up'),
    attentionLayers: z.int().min(1).default(3).describe('blocks of the self-attention'),
    attentionHeads: z.int().min(1).default(8).describe('its heads, a divisor of headOutput'),
    ...headOptions(3),
    predictionHidden: predictionHidden('twice headOutput'),
  }),
  input: twoViews,
  views: recipeSource('byol'),
  create(parts, options) {
    const { batchSize, accumulate } = parts.settings;
    const { temperature, centroidTemperature, numNeighbors, neighborWeight, centroidWeight, featureWeight } = options;
    const { momentum, attentionLayers: numLayers, attentionHeads: numHeads, headOutput, predictionHidden = 2 * headOutput } = options;
    if (headOutput % numHeads !== 0)
      throw new SelfsupError('SELFSUP_OPTION', `\`attentionHeads\` must divide \`headOutput\` ${headOutput}, got ${numHeads}`);
    return all4One({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: true }),
      predictionHead: predictor(headOutput, predictionHidden),
      centroidHead: predictor(headOutput, predictionHidden),
      neighborEncoder: neighborEncoder({ width: headOutput, numLayers, numHeads }),
      outputDim: headOutput,
      temperature,
      centroidTemperature,
      numNeighbors,
      neighborWeight,
      centroidWeight,
      featureWeight,
      momentum: rising(momentum, parts.totalSteps),
      queueSize: queueOf(options.queueSize, batchSize * accumulate),
    });
  },
  collapse: embeddingDimOf,
});
