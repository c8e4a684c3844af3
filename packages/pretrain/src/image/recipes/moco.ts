import { moco } from '@selfsup/pretext-tasks/moco';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { headOf, headOptions } from './head-options.ts';
import { constantMomentum, queueOf, queueSize, temperature } from './shared-options.ts';

/** MoCo v2 with the numbers of the authors' CIFAR-10 demo, since small data sets are what is trained here. */
export const mocoTask = defineImageTask({
  name: 'moco',
  aliases: ['moco-v1', 'moco-v2'],
  title: 'MoCo v2',
  paper: 'https://arxiv.org/abs/2003.04297',
  summary: 'A view must find the key of its image among the keys of earlier batches, which a slowly moving copy of the encoder computed.',
  advice: {
    take: 'Memory is short and you want many negatives: they come from a queue, whatever the batch.',
    leave: 'Runs are short: keys of a slowly moving copy need a few thousand updates before they are useful.',
  },
  options: z.strictObject({
    temperature: temperature(0.1),
    momentum: constantMomentum(0.99),
    queueSize: queueSize('keys of earlier images'),
    symmetric: z.boolean().default(false).describe("whether each view is also the other's query"),
    convention: z.enum(['mean', 'sum-of-views']).default('sum-of-views').describe('with symmetric: the sum of both losses, or their mean'),
    shuffleGroups: z
      .int()
      .min(1)
      .optional()
      .describe('random groups in which keys are encoded, each with batch statistics of its own; default 8, or of two images each'),
    ...headOptions(2),
  }),
  input: twoViews,
  views: recipeSource('moco-v2'),
  create(parts, options) {
    const { batchSize, accumulate } = parts.settings;
    const { temperature, momentum, symmetric, convention, headOutput: outputDim } = options;
    return moco({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options),
      outputDim,
      temperature,
      momentum,
      symmetric,
      convention,
      queueSize: queueOf(options.queueSize, batchSize * accumulate * (symmetric ? 2 : 1)),
      shuffleGroups: options.shuffleGroups ?? Math.max(1, Math.min(8, Math.floor(batchSize / 2))), // at least two images have statistics together
    });
  },
  collapse: ({ headOutput, momentum }) => ({ embeddingDim: headOutput, momentum }),
});
