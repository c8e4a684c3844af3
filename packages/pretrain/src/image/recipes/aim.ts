import { residualMlp } from '@selfsup/encoders';
import { aim } from '@selfsup/pretext-tasks/aim';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource, SMALL_IMAGE } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { checkSeveralPatches, patchEncoder } from './masked-images.ts';

/** AIM; the head is as wide as the encoder, and shallower than the paper's for small images. */
export const aimTask = defineImageTask({
  name: 'aim',
  title: 'AIM',
  paper: 'https://arxiv.org/abs/2401.08541',
  summary: 'Patch by patch, row by row, the encoder predicts the pixels of the next patch from those before it.',
  advice: {
    take: 'You have much data and a large Vision Transformer: it grows with both, and needs no mask tokens.',
    leave: 'You use the features without fine-tuning, or the encoder is small: contrastive tasks give better ones.',
  },
  options: z.strictObject({
    prefix: z
      .boolean()
      .default(true)
      .describe('whether the first patches, so many as is drawn for each image, see each other; the others are predicted'),
    normalizePixels: z.boolean().default(true).describe('whether the pixels of each patch are standardized before they are predicted'),
    headLayers: z
      .int()
      .min(0)
      .optional()
      .describe(`blocks of the head, each of two linear layers; default 2 up to images of ${SMALL_IMAGE} pixels, 12 above`),
    headHidden: z.int().min(1).optional().describe('columns between these two; default four times those of the encoder'),
  }),
  input: oneView,
  views: recipeSource('aim'),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { classToken: false, pooling: 'mean' },
  defaults: { optimizer: 'adamw', beta2: 0.95 }, // the paper's
  create({ backbone, imageSize, channels }, options) {
    const encoder = patchEncoder('aim', backbone);
    checkSeveralPatches('aim', encoder);
    const { outputDim: inputDim, patchSize } = encoder;
    const { prefix, normalizePixels, headHidden: hiddenDim, headLayers: numLayers = imageSize <= SMALL_IMAGE ? 2 : 12 } = options;
    const head = residualMlp({ inputDim, outputDim: patchSize * patchSize * channels, numLayers, ...(hiddenDim && { hiddenDim }) });
    return aim({ backbone: encoder, head, prefix, normalizePixels });
  },
});
