import { mmcr } from '@selfsup/pretext-tasks/mmcr';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { manyViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

/** MMCR. */
export const mmcrTask = defineImageTask({
  name: 'mmcr',
  title: 'MMCR',
  paper: 'https://arxiv.org/abs/2303.03307',
  summary: 'The mean projections of the images, over their views, fill the space as evenly as they can.',
  advice: {
    take: 'Runs are short, and you can make many views of an image cheaply: their mean is what counts.',
    leave: 'You have only two views of each image: `simclr` and `vicreg` make more of them.',
  },
  options: z.strictObject({
    localWeight: z.number().min(0).default(0).describe("weight of the size of each image's own manifold; 0.005 in lightly"),
    ...headOptions(2),
  }),
  input: manyViews,
  views: recipeSource('lejepa/cifar'),
  create: (parts, options) =>
    mmcr({ backbone: parts.backbone, projectionHead: headOf(parts, options, { batchNorm: true }), localWeight: options.localWeight }),
  collapse: embeddingDimOf,
});
