import { patchDecoder } from '@selfsup/encoders';
import { vqTokenizer } from '@selfsup/pretext-tasks/vq-tokenizer';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { cropSource, SMALL_IMAGE } from '../image-views.ts';
import { oneView } from '../views-input.ts';
import { patchEncoder } from './masked-images.ts';

/** A VQ-VAE of patches, whose encoder makes the tokens of `beit`. */
export const vqTokenizerTask = defineImageTask({
  name: 'vq-tokenizer',
  aliases: ['vq-vae'],
  title: 'VQ-VAE tokenizer',
  paper: 'https://arxiv.org/abs/1711.00937',
  summary: "Each patch's state is replaced by the nearest of a few codes, and from all codes of an image a decoder paints its pixels.",
  advice: {
    take: 'You want `beit` to learn tokens that an encoder found: give it this run as its teacher.',
    leave: 'You want features: codes keep colors and edges, as pixels do; take `mae`, or `beit` with its k-means.',
  },
  options: z.strictObject({
    vocabularySize: z.int().min(2).default(512).describe('codes; 512 in the paper for small images, 8192 in BEiT'),
    commitmentWeight: z.number().min(0).default(0.25).describe('weight of the distance of states from their codes'),
    codeMomentum: z.number().min(0).max(1).default(0.9).describe('weight of the old codes; 0.99 in the paper, for runs of many updates'),
    restartUsage: z
      .number()
      .min(0)
      .default(0.03)
      .describe('a code that is used less than this part of the mean use begins anew; 0: none does, and all start at random'),
    decoderLayers: z
      .int()
      .min(1)
      .optional()
      .describe(`transformer blocks of the decoder; default 2 up to images of ${SMALL_IMAGE} pixels, 4 above`),
    decoderHeads: z.int().min(1).optional().describe('heads of its attention; default one for 32 columns'),
  }),
  input: oneView,
  views: cropSource([0.5, 1]),
  hasProjectionHead: false,
  encoders: patchEncoderNames,
  encoderOptions: { pooling: 'mean' },
  defaults: { optimizer: 'adamw' },
  create({ backbone, imageSize, channels }, options) {
    const encoder = patchEncoder('vq-tokenizer', backbone);
    const { outputDim: width, gridSize, patchSize } = encoder;
    const { vocabularySize, commitmentWeight, codeMomentum: momentum, restartUsage } = options;
    const { decoderLayers: numLayers = imageSize <= SMALL_IMAGE ? 2 : 4 } = options;
    const { decoderHeads: numHeads = width % 32 === 0 ? width / 32 : 1 } = options;
    return vqTokenizer({
      backbone: encoder,
      decoder: patchDecoder({ width, gridSize, outputDim: patchSize * patchSize * channels, numLayers, numHeads }),
      width,
      vocabularySize,
      commitmentWeight,
      momentum,
      restartUsage,
    });
  },
});
