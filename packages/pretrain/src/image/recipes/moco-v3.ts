import { mocoV3 } from '@selfsup/pretext-tasks/moco-v3';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions, predictionHidden, predictor } from './head-options.ts';
import { rising, risingMomentum, temperature } from './shared-options.ts';

/** MoCo v3. */
export const mocoV3Task = defineImageTask({
  name: 'moco-v3',
  title: 'MoCo v3',
  paper: 'https://arxiv.org/abs/2104.02057',
  summary: 'A prediction from one view must find the key of the other view, which a slowly moving copy computed, among those of the batch.',
  advice: {
    take: 'The encoder is a Vision Transformer, or you do not want a queue.',
    leave: 'Batches are smaller than about 128: its negatives are those of the batch.',
  },
  options: z.strictObject({
    temperature: temperature(0.2),
    momentum: risingMomentum(0.99),
    ...headOptions(2),
    normalizeLast: z.boolean().default(true).describe("whether the projection ends in a normalization, as in the authors' code"),
    predictionHidden: predictionHidden('headOutput'),
  }),
  input: twoViews,
  views: recipeSource('moco-v3'),
  create(parts, options) {
    const { temperature, momentum, headOutput, predictionHidden = headOutput } = options;
    const normalizeLast = (options.normalizeLast as boolean | undefined) ?? false; // runs from before the option have none
    return mocoV3({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true, batchNormLast: normalizeLast && 'affine-free' }),
      predictionHead: predictor(headOutput, predictionHidden),
      temperature,
      momentum: rising(momentum, parts.totalSteps),
    });
  },
  collapse: embeddingDimOf,
});
