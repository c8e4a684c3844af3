import { ressl } from '@selfsup/pretext-tasks/ressl';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { headOf, headOptions } from './head-options.ts';
import { constantMomentum, queueOf, queueSize } from './shared-options.ts';

/** ReSSL with the authors' momentum for CIFAR; the second view, the teacher's, is only cropped and mirrored. */
export const resslTask = defineImageTask({
  name: 'ressl',
  title: 'ReSSL',
  paper: 'https://arxiv.org/abs/2107.09282',
  summary:
    'A strongly altered view must be as similar to earlier images as a weakly altered one is to a slowly moving copy of the encoder.',
  advice: {
    take: 'Strong augmentation would change what an image shows: its targets come from a view that is only cropped and mirrored.',
    leave: 'Runs are short: targets of a slowly moving copy need a few thousand updates before they are useful.',
  },
  options: z.strictObject({
    studentTemperature: z.number().gt(0).default(0.1).describe("the student's similarities are divided by it"),
    teacherTemperature: z.number().gt(0).default(0.04).describe("the teacher's similarities are divided by it; lower than the student's"),
    momentum: constantMomentum(0.99),
    queueSize: queueSize("the teacher's projections of earlier images"),
    ...headOptions(2),
  }),
  input: twoViews,
  views: recipeSource('ressl'),
  create(parts, options) {
    const { batchSize, accumulate } = parts.settings;
    const { studentTemperature, teacherTemperature, momentum, headOutput: outputDim } = options;
    return ressl({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      outputDim,
      studentTemperature,
      teacherTemperature,
      momentum,
      queueSize: queueOf(options.queueSize, batchSize * accumulate),
    });
  },
  collapse: ({ headOutput, momentum }) => ({ embeddingDim: headOutput, momentum }),
});
