import { clip } from '@selfsup/pretext-tasks/clip';
import { z } from 'zod';
import { defineImageTextTask } from '../image-text-task.ts';
import { pairDefaults, PROJECTION_DIM, projectionDimOf } from './pair-settings.ts';

/** CLIP. */
export const clipTask = defineImageTextTask({
  name: 'clip',
  title: 'CLIP',
  paper: 'https://arxiv.org/abs/2103.00020',
  summary: 'Two encoders, one for images and one for texts, learn which text of the batch belongs to which image.',
  advice: {
    take: 'You have images with texts, and want to search images by words or to classify them by the names of classes alone.',
    leave: 'Only small batches fit: take `siglip`, or `--accumulate`, which sees the negatives of all forward passes.',
  },
  options: z.strictObject({
    temperature: z.number().gt(0).default(0.07).describe('softmax scale at the start; its inverse is learned'),
    maxScale: z.number().gt(0).default(100).describe('what the similarities are multiplied by at most'),
  }),
  encoderOptions: { projectionDim: PROJECTION_DIM },
  defaults: pairDefaults,
  create: ({ backbone, text, pooling }, options) => clip({ image: backbone, text, pooling, ...options }),
  collapse: projectionDimOf,
});
