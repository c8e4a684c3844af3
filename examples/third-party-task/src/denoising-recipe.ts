import { projectionHead } from '@selfsup/encoders';
import { cropSource, defineImageTask, oneView } from '@selfsup/pretrain';
import { z } from 'zod';
import { denoising } from './denoising.ts';

/** How the task is trained when nobody says more. The options become flags of `selfsup train`, checks, and lines of its help. */
export const denoisingRecipe = defineImageTask({
  name: 'denoising',
  title: 'Denoising autoencoder',
  paper: 'https://doi.org/10.1145/1390156.1390294',
  summary: 'An image is reconstructed from a copy with noise.',
  options: z.strictObject({
    standardDeviation: z.number().gt(0).default(0.5).describe('deviation of the noise, of images with a deviation of 1'),
    decoderHidden: z.int().min(1).default(256).describe('columns of the hidden layer of the decoder'),
  }),
  input: oneView,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  defaults: { optimizer: 'adamw', weightDecay: 1e-4 },
  create({ backbone, height, width, channels }, { standardDeviation, decoderHidden: hiddenDim }) {
    const decoder = projectionHead({ inputDim: backbone.outputDim, hiddenDim, outputDim: height * width * channels });
    return denoising({ backbone, decoder, standardDeviation });
  },
});
