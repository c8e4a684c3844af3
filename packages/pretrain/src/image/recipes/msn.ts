import { msn } from '@selfsup/pretext-tasks/msn';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { embeddingDimOf } from './head-options.ts';
import { maskedSiameseOptions, maskedSiameseParts } from './masked-siamese.ts';

/** MSN with fewer prototypes than the paper's; the recipe `msn/imagenet` has small crops. */
export const msnTask = defineImageTask({
  name: 'msn',
  title: 'MSN',
  paper: 'https://arxiv.org/abs/2204.07141',
  summary: 'A view without some of its patches belongs to the same prototypes as a whole view, and all prototypes are used.',
  advice: {
    take: 'The encoder is a Vision Transformer, and you will have few labels: its features are made for that, and masked views are cheap.',
    leave: 'Classes are far from equally frequent: take `pmsn`.',
  },
  options: z.strictObject(maskedSiameseOptions),
  input: multiCropViews,
  views: recipeSource('msn'),
  encoders: patchEncoderNames,
  defaults: { optimizer: 'adamw' },
  create: (parts, options) => msn(maskedSiameseParts('msn', parts, options)),
  collapse: embeddingDimOf,
});
