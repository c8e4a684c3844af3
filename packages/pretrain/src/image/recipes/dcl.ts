import { dcl } from '@selfsup/pretext-tasks/dcl';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { temperature } from './shared-options.ts';

/** Decoupled contrastive learning. */
export const dclTask = defineImageTask({
  name: 'dcl',
  title: 'DCL',
  paper: 'https://arxiv.org/abs/2110.06848',
  summary: 'SimCLR without the positive pair in the denominator, which makes small batches work.',
  advice: {
    take: "Batches are small (16 to 128), and SimCLR's views suit the data.",
    leave: 'Batches of 256 or more fit: it is then SimCLR for all practical purposes.',
  },
  options: z.strictObject({
    temperature: temperature(0.2),
    weighted: z.boolean().default(false).describe('whether positive pairs that lie far apart count more (DCLW)'),
    sigma: z.number().gt(0).default(0.5).describe('width of the weights of `weighted`'),
    ...headOptions(2),
  }),
  input: twoViews,
  views: recipeSource('simclr'),
  create(parts, options) {
    const { temperature, weighted, sigma } = options;
    return dcl({ backbone: parts.backbone, projectionHead: headOf(parts, options), temperature, weighted, sigma });
  },
  collapse: embeddingDimOf,
});
