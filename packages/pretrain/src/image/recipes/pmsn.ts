import { pmsn } from '@selfsup/pretext-tasks/pmsn';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { embeddingDimOf } from './head-options.ts';
import { maskedSiameseOptions, maskedSiameseParts } from './masked-siamese.ts';

/** PMSN with fewer prototypes than the paper's; the recipe `msn/imagenet` has small crops. */
export const pmsnTask = defineImageTask({
  name: 'pmsn',
  title: 'PMSN',
  paper: 'https://arxiv.org/abs/2210.07277',
  summary: 'Like MSN, for data whose classes are not equally frequent: some prototypes are used more often than others.',
  advice: {
    take: 'As for `msn`, where a few classes have most of the images.',
    leave: 'Classes are about equally frequent: take `msn`.',
  },
  options: z.strictObject({
    ...maskedSiameseOptions,
    powerLawExponent: z.number().min(0).default(0.25).describe('the k-th prototype should be used as k to the power of minus this'),
    convention: z
      .enum(['mean-from-prior', 'prior-from-mean'])
      .default('mean-from-prior')
      .describe("the divergence of the mean prediction from the prior, as in the paper, or the other direction, lightly's"),
  }),
  input: multiCropViews,
  views: recipeSource('msn'),
  encoders: patchEncoderNames,
  defaults: { optimizer: 'adamw' },
  create(parts, options) {
    const { powerLawExponent, convention } = options;
    return pmsn({ ...maskedSiameseParts('pmsn', parts, options), powerLawExponent, convention });
  },
  collapse: embeddingDimOf,
});
