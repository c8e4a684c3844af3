import { maskPatches } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { maeDecoder } from '@selfsup/encoders';
import { mae } from '@selfsup/pretext-tasks/mae';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource, SMALL_IMAGE } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { maskOptions, patchEncoder } from './masked-images.ts';

/** Masked autoencoders; the decoder is the paper's, no wider than the encoder and half as deep for small images. */
export const maeTask = defineImageTask({
  name: 'mae',
  title: 'MAE',
  paper: 'https://arxiv.org/abs/2111.06377',
  summary: 'The encoder sees a quarter of the patches, and a decoder predicts the pixels of the others.',
  advice: {
    take: 'You will fine-tune a Vision Transformer. It is cheap, since the encoder sees only a quarter of the patches.',
    leave: 'You use the features without fine-tuning, with kNN or a linear probe: contrastive tasks give better ones.',
  },
  options: z.strictObject({
    ...maskOptions(0.75),
    maskUnit: z.int().min(1).default(1).describe('patches along the side of what random masks as a whole; divides the patches of a side'),
    normalizePixels: z.boolean().default(true).describe('whether the pixels of each patch are standardized before they are predicted'),
    decoderLayers: z
      .int()
      .min(1)
      .optional()
      .describe(`transformer blocks of the decoder; default 4 up to images of ${SMALL_IMAGE} pixels, 8 above`),
    decoderWidth: z.int().min(4).optional().describe('its columns, a multiple of 4; default those of the encoder, at most 512'),
    decoderHeads: z.int().min(1).optional().describe('heads of its attention; default one for 32 columns'),
  }),
  input: oneView,
  views: recipeSource('mae'),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  defaults: { optimizer: 'adamw', beta2: 0.95 }, // the paper's
  create({ backbone, imageSize, channels }, options) {
    const encoder = patchEncoder('mae', backbone);
    const { outputDim: inputDim, gridSize, patchSize } = encoder;
    if (!encoder.hasClassToken)
      throw new SelfsupError('SELFSUP_OPTION', 'the task mae needs an encoder with a class token: leave out `classToken: false`');
    const { maskRatio, maskKind: kind, maskUnit: unitSize, normalizePixels } = options;
    const { decoderWidth: width = Math.min(512, inputDim - (inputDim % 4)) } = options;
    const { decoderHeads: numHeads = width % 32 === 0 ? width / 32 : 1 } = options; // 16 heads of 32 columns at the paper's 512
    const { decoderLayers: numLayers = imageSize <= SMALL_IMAGE ? 4 : 8 } = options;
    return mae({
      backbone: encoder,
      decoder: maeDecoder({ inputDim, gridSize, patchSize, channels, width, numHeads, numLayers }),
      masking: maskPatches({ gridSize, maskRatio, kind, unitSize }),
      normalizePixels,
    });
  },
});
