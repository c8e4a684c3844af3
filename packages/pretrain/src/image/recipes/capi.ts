import { maskPatches } from '@selfsup/augment';
import { drawNormal, SelfsupError } from '@selfsup/core';
import { crossPredictor, linear, prototypes, zeros } from '@selfsup/encoders';
import { capi } from '@selfsup/pretext-tasks/capi';
import { z } from 'zod';
import { momentumOfPaper, momentumOfRun } from '../../momentum-of-run.ts';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource, SMALL_IMAGE } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { patchEncoder } from './masked-images.ts';
import { predictorSize, rising, temperature } from './shared-options.ts';

/** CAPI; fewer clusters than the paper's 16,384, a teacher that follows faster in short runs and a predictor half as deep for small images. */
export const capiTask = defineImageTask({
  name: 'capi',
  title: 'CAPI',
  paper: 'https://arxiv.org/abs/2502.08769',
  summary:
    'From a rectangle of an image, a predictor tells to which clusters the hidden patches belong; the clusters are found while a slowly moving copy learns.',
  advice: {
    take: 'You want to learn from masked images, one view of each, and to use the features of images and patches without fine-tuning.',
    leave: 'Batches are small: the clusters are balanced over the images of an update, position by position; take `mae`.',
  },
  options: z.strictObject({
    maskRatio: z.number().gt(0).lt(1).default(0.65).describe('part of the patches that is masked'),
    maskKind: z
      .enum(['random', 'block', 'inverse-block', 'grid'])
      .default('inverse-block')
      .describe('how they lie: each on its own, in rectangles, all but one rectangle, or in the same pattern everywhere'),
    predictedRatio: z.number().gt(0).max(1).default(1).describe("part of those that is predicted; 0.05 in the authors' code"),
    numClusters: z.int().min(2).default(256).describe('clusters; 16384 in the paper'),
    studentTemperature: temperature(0.12),
    targetTemperature: z.number().gt(0).default(0.06).describe('softmax scale of the assignments before they are balanced'),
    clusteringTemperature: z.number().gt(0).default(0.12).describe('softmax scale by which the clustering learns'),
    iterations: z.int().min(0).default(3).describe('how often clusters and patches are balanced; 0: never, which collapses'),
    momentum: momentumOfPaper(0.999, "weight of the target network's old weights at the start; it rises to 1 over the run"),
    predictorLayers: z
      .int()
      .min(1)
      .optional()
      .describe(`blocks of the predictor; default 3 up to images of ${SMALL_IMAGE} pixels, 6 above; 12 in the paper`),
    predictorWidth: z.int().min(4).optional().describe('its columns, a multiple of 4; default those of the encoder'),
    predictorHeads: z.int().min(1).optional().describe('heads of its attention; default one for 32 columns'),
  }),
  input: oneView,
  views: recipeSource('capi'),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  defaults: ({ optimizer = 'adamw' }) => ({ optimizer, ...(optimizer === 'adamw' && { beta2: 0.95 }) }), // the authors'
  create({ backbone, imageSize, totalSteps, settings }, options) {
    if (settings.batchSize * settings.accumulate < 2)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        'capi: `batchSize` must be at least 2, since clusters are balanced over the images of an update, got 1',
      );
    const encoder = patchEncoder('capi', backbone);
    const { outputDim: inputDim, gridSize } = encoder;
    const { maskRatio, maskKind: kind, numClusters } = options;
    const { width, numHeads } = predictorSize(options, inputDim);
    const { momentum = momentumOfRun(0.999, totalSteps) } = options;
    const { predictorLayers: numLayers = imageSize <= SMALL_IMAGE ? 3 : 6 } = options;
    const { predictedRatio, studentTemperature, targetTemperature, clusteringTemperature, iterations } = options;
    return capi({
      backbone: encoder,
      predictor: crossPredictor({ inputDim, gridSize, width, numLayers, numHeads }),
      head: prototypes({ inputDim: width, numPrototypes: numClusters }),
      // large at the start, as the authors' is: else all patches would lie between the clusters
      clustering: linear({ inputDim, outputDim: numClusters, initializer: (rng, count) => drawNormal(rng, count), biasInitializer: zeros }),
      masking: maskPatches({ gridSize, maskRatio, kind }),
      predictedRatio,
      studentTemperature,
      targetTemperature,
      clusteringTemperature,
      iterations,
      momentum: rising(momentum, totalSteps),
    });
  },
});
