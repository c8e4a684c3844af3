import { supCon } from '@selfsup/pretext-tasks/sup-con';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { labeledViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { temperature } from './shared-options.ts';

/** SupCon, with SimCLR's views; not self-supervised: what labels add. */
export const supConTask = defineImageTask({
  name: 'sup-con',
  title: 'SupCon',
  paper: 'https://arxiv.org/abs/2004.11362',
  summary: 'The encoder learns from labels to make views of all images of a class alike. It shows what labels would add.',
  advice: {
    take: 'All images have labels, and the encoder will also serve questions other than these classes.',
    leave: 'You have no labels: take `simclr`. Or only these classes matter: fine-tune.',
  },
  options: z.strictObject({
    temperature: temperature(0.1),
    positives: z
      .enum(['average', 'sum-in-log'])
      .default('average')
      .describe("the loss: log-probabilities of an image's class are averaged, or their probabilities summed as in solo-learn"),
    ...headOptions(2),
  }),
  input: labeledViews,
  views: recipeSource('simclr'),
  create: (parts, options) =>
    supCon({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options),
      temperature: options.temperature,
      positives: options.positives,
    }),
  collapse: embeddingDimOf,
});
