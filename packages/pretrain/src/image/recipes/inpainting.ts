import { inpaintingDecoder } from '@selfsup/encoders';
import { inpainting } from '@selfsup/pretext-tasks/inpainting';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { cropSource } from '../image-views.ts';
import { oneView } from '../views-input.ts';

/** Context encoders without their adversarial loss. */
export const inpaintingTask = defineImageTask({
  name: 'inpainting',
  aliases: ['context-encoder', 'context-encoders'],
  title: 'Inpainting (context encoders)',
  paper: 'https://arxiv.org/abs/1604.07379',
  summary: 'The middle of an image is hidden, and a decoder paints it from the features of the rest.',
  advice: {
    take: 'A convolutional network is to learn from what is hidden, and pictures of its guesses are wanted.',
    leave: 'Features are used as they are: it learns colors and textures first; `rotation` and contrastive tasks give better ones.',
  },
  options: z.strictObject({
    regionSize: z
      .int()
      .min(1)
      .optional()
      .describe('side in pixels of the region in the middle that is painted; default half of each side of the image'),
    overlap: z
      .int()
      .min(0)
      .optional()
      .describe('pixels at its borders that are painted though they are seen; default 7 of 64 pixels, as in the paper'),
    overlapWeight: z.number().min(0).default(10).describe('how much such a pixel counts beside a hidden one'),
    decoderWidth: z.int().min(1).default(128).describe('channels of the coarsest map of the decoder'),
  }),
  input: oneView,
  views: cropSource([0.2, 1]),
  hasProjectionHead: false,
  create({ backbone, height, width, channels }, { regionSize, overlapWeight, decoderWidth, ...options }) {
    const region = [regionSize ?? Math.floor(height / 2), regionSize ?? Math.floor(width / 2)] as const;
    const shorter = Math.min(...region);
    const { overlap = Math.min(Math.round((7 * shorter) / 64), Math.floor((shorter - 1) / 2)) } = options;
    const decoder = inpaintingDecoder({ inputDim: backbone.outputDim, outputSize: region, channels, width: decoderWidth });
    return inpainting({ backbone, decoder, regionSize: region, overlap, overlapWeight });
  },
});
