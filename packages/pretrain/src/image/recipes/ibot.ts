import { ibot } from '@selfsup/pretext-tasks/ibot';
import { z } from 'zod';
import { patchEncoderNames } from '../encoders.ts';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { patchDistillationOptions, patchDistillationParts } from './patch-distillation.ts';
import { rising } from './shared-options.ts';

/** iBOT with as many outputs as `dino` has for small data; the recipe `ibot/imagenet` has small crops. */
export const ibotTask = defineImageTask({
  name: 'ibot',
  title: 'iBOT',
  paper: 'https://arxiv.org/abs/2111.07832',
  summary: 'Like DINO; in addition, for patches behind mask tokens, the encoder predicts the output of the teacher, which sees them.',
  advice: {
    take: 'The encoder is a Vision Transformer, the states of its patches matter, too, as for segmentation, and you have time.',
    leave: 'Runs take minutes: as with `dino`, that is too short, and each update costs more.',
  },
  options: z.strictObject(patchDistillationOptions('shared')),
  input: multiCropViews,
  views: recipeSource('ibot'),
  encoders: patchEncoderNames,
  encoderOptions: { maskToken: true },
  defaults: { optimizer: 'adamw' },
  create(parts, options) {
    const { outputDim, studentTemperature, patchWeight, momentum, centerMomentum } = options;
    return ibot({
      ...patchDistillationParts('ibot', parts, options),
      outputDim,
      studentTemperature,
      patchWeight,
      momentum: rising(momentum, parts.totalSteps),
      centerMomentum,
    });
  },
  collapse: ({ outputDim }) => ({ embeddingDim: outputDim }),
});
