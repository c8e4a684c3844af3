import { siglip } from '@selfsup/pretext-tasks/siglip';
import { z } from 'zod';
import { defineImageTextTask } from '../image-text-task.ts';
import { pairDefaults, PROJECTION_DIM, projectionDimOf } from './pair-settings.ts';

/** SigLIP. */
export const siglipTask = defineImageTextTask({
  name: 'siglip',
  title: 'SigLIP',
  paper: 'https://arxiv.org/abs/2303.15343',
  summary: 'Two encoders, one for images and one for texts, learn for each image and each text of the batch whether they belong together.',
  advice: {
    take: 'You have images with texts, and only small batches fit; or many images have the same text.',
    leave: 'Batches of a few hundred pairs fit: begin with `clip`.',
  },
  options: z.strictObject({
    temperature: z.number().gt(0).default(0.1).describe('the similarities are divided by it at the start; its inverse is learned'),
    bias: z.number().default(-10).describe('what is added to the scaled similarities at the start; it is learned'),
  }),
  encoderOptions: { projectionDim: PROJECTION_DIM },
  defaults: pairDefaults,
  create: ({ backbone, text, pooling }, options) => siglip({ image: backbone, text, pooling, ...options }),
  collapse: projectionDimOf,
});
