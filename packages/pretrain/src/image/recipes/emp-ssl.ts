import { empSsl } from '@selfsup/pretext-tasks/emp-ssl';
import { z } from 'zod';
import { isPatchEncoder } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** The authors' LARS, for batches of 100, https://github.com/tsb0601/EMP-SSL; with the usual one steps are an eighth as large, and runs are too short for a warm-up. */
const ofAuthors = { learningRate: 0.3, trustCoefficient: 0.005, trustClip: true, weightDecay: 1e-4, warmupEpochs: 0 } as const;

/** EMP-SSL with 20 patches; `recipe` has it with 3, 8 and 100. */
export const empSslTask = defineImageTask({
  name: 'emp-ssl',
  title: 'EMP-SSL',
  paper: 'https://arxiv.org/abs/2304.03977',
  summary: 'Many patches of each image agree with their mean, and the projections fill as much of the space as they can.',
  advice: {
    take: 'You have few images and want few epochs: each epoch shows 20 or more patches of every image. `--readout patches` averages features over patches, as the paper does.',
    leave:
      'Objects fill the picture, so that a quarter of it says nothing, or memory is short: a batch of images becomes 20 times as many patches.',
  },
  options: z.strictObject({
    similarityWeight: z.number().min(0).default(200).describe('weight of the agreement of the patches'),
    epsilon: z.number().gt(0).default(0.2).describe('how finely the projections are coded'),
    ...headOptions(2),
  }),
  input: manyViews,
  views: recipeSource('emp-ssl'),
  defaults({ encoder, optimizer = isPatchEncoder(encoder) ? undefined : 'lars' }) {
    return { batchSize: 64, ...(optimizer === 'lars' && { optimizer, ...ofAuthors }) };
  },
  create(parts, options) {
    const { similarityWeight, epsilon } = options;
    return empSsl({ backbone: parts.backbone, projectionHead: headOf(parts, options, { batchNorm: true }), similarityWeight, epsilon });
  },
  collapse: embeddingDimOf,
});
