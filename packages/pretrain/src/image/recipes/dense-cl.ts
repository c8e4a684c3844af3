import { projectionHead } from '@selfsup/encoders';
import { denseCl } from '@selfsup/pretext-tasks/dense-cl';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { headOf, headOptions } from './head-options.ts';
import { constantMomentum, queueOf, queueSize, temperature } from './shared-options.ts';

/** DenseCL with MoCo's momentum for small data; for encoders whose features are the mean of their last map. */
export const denseClTask = defineImageTask({
  name: 'dense-cl',
  title: 'DenseCL',
  paper: 'https://arxiv.org/abs/2011.09157',
  summary:
    'MoCo for the image and for each place of its feature map, whose partner is the place of the other view that looks most like it.',
  advice: {
    take: 'It matters where things are, as for segmentation or detection: places of the feature map are contrasted, too.',
    leave: 'You want only features of whole images (`moco` is cheaper), or the last map has few places, as with very small images.',
  },
  encoders: ['conv-net', 'resnet18', 'resnet34', 'resnet50'],
  options: z.strictObject({
    temperature: temperature(0.2),
    momentum: constantMomentum(0.99),
    denseWeight: z.number().min(0).max(1).default(0.5).describe('weight of the loss of places; that of images has the rest'),
    queueSize: queueSize('keys of earlier images in each of the two queues'),
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
    const { backbone, settings } = parts;
    const { batchSize, accumulate } = settings;
    const { temperature, momentum, denseWeight, headOutput: outputDim, headHidden, headLayers: numLayers } = options;
    const { outputDim: inputDim } = backbone;
    return denseCl({
      backbone,
      projectionHead: headOf(parts, options),
      denseHead: projectionHead({ inputDim, hiddenDim: headHidden ?? inputDim, outputDim, numLayers }),
      outputDim,
      denseWeight,
      temperature,
      momentum,
      queueSize: queueOf(options.queueSize, batchSize * accumulate),
      shuffleGroups: options.shuffleGroups ?? Math.max(1, Math.min(8, Math.floor(batchSize / 2))), // at least two images have statistics together
    });
  },
  collapse: ({ headOutput, momentum }) => ({ embeddingDim: headOutput, momentum }),
});
