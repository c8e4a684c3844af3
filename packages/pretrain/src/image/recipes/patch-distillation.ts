import type * as tf from '@tensorflow/tfjs-core';
import { linearWarmup, shareOf, type ModuleFactory, type Schedule } from '@selfsup/core';
import { dinoHead, type VitFactory } from '@selfsup/encoders';
import { maskCrops, type CropMasking } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { z } from 'zod';
import type { ImageTaskParts } from '../image-task.ts';
import { patchEncoder } from './masked-images.ts';
import { risingMomentum } from './shared-options.ts';

const ratio = z.number().gt(0).lt(1);

/** The options of tasks that distill class tokens and masked patches. */
export const patchDistillationOptions = (heads: 'shared' | 'untied') => ({
  outputDim: z.int().min(1).default(2048).describe("columns of the heads; 8192 in iBOT's paper, 65536 or more in DINOv2's"),
  studentTemperature: z.number().gt(0).default(0.1).describe("the student's logits are divided by it"),
  teacherTemperature: z.number().gt(0).default(0.04).describe("the teacher's logits of class tokens are divided by it, after the warm-up"),
  teacherPatchTemperature: z
    .number()
    .gt(0)
    .optional()
    .describe("the same of the teacher's logits of patches; default that of class tokens"),
  warmupTeacherTemperature: z.number().gt(0).default(0.04).describe('where both temperatures of the teacher start'),
  warmupTeacherEpochs: z.number().min(0).default(0).describe("epochs during which they rise; 30 in the authors' code"),
  maskRatio: z
    .tuple([ratio, ratio])
    .refine(([least, most]) => least <= most, 'the first must not be above the second')
    .default([0.1, 0.5])
    .describe('the least and the greatest part of the patches that are masked in one of the two large crops'),
  patchWeight: z.number().min(0).default(1).describe('weight of the loss of masked patches beside that of class tokens'),
  heads: z
    .enum(['shared', 'untied'])
    .default(heads)
    .describe('whether class tokens and patches share a head, or each have one of their own'),
  momentum: risingMomentum(0.99),
  centerMomentum: z.number().min(0).max(1).default(0.9).describe('weight of the old centers'),
  freezeLastLayerEpochs: z.number().min(0).default(1).describe('epochs during which the last layers stay as they are'),
  bottleneckDim: z.int().min(1).default(128).describe('columns of the unit vectors before a last layer'),
  headHidden: z.int().min(1).optional().describe('columns of the hidden layers of a head; default twice those of the encoder'),
  headLayers: z.int().min(1).default(3).describe('its linear layers before the last layer'),
});

/** What {@link patchDistillationOptions} give. */
export type PatchDistillationOptions = z.output<z.ZodObject<ReturnType<typeof patchDistillationOptions>>>;

/** What tasks that distill class tokens and patches are built from, by those options. */
export interface PatchDistillationParts {
  readonly backbone: VitFactory;
  readonly projectionHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  readonly patchHead?: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  readonly masking: CropMasking;
  readonly teacherTemperature: Schedule;
  readonly teacherPatchTemperature: Schedule;
  readonly freezeLastLayerSteps: number;
}

/** The encoder, the heads, the masking and the schedules. */
export function patchDistillationParts(task: string, parts: ImageTaskParts, options: PatchDistillationOptions): PatchDistillationParts {
  const backbone = patchEncoder(task, parts.backbone);
  if (!backbone.hasClassToken)
    throw new SelfsupError('SELFSUP_OPTION', `the task ${task} needs an encoder with a class token: leave out \`classToken: false\``);
  const { outputDim: inputDim, gridSize } = backbone;
  const { outputDim, bottleneckDim, headHidden: hiddenDim = 2 * inputDim, headLayers: numLayers, heads, maskRatio } = options;
  const { warmupTeacherTemperature: from, warmupTeacherEpochs, teacherTemperature, freezeLastLayerEpochs } = options;
  const head = () => parts.projectionHead?.({ inputDim }) ?? dinoHead({ inputDim, hiddenDim, bottleneckDim, outputDim, numLayers });
  const steps = shareOf(parts.stepsPerEpoch, warmupTeacherEpochs, 'nearest');
  const rising = (to: number) => linearWarmup({ from, to, steps });
  return {
    backbone,
    projectionHead: head(),
    ...(heads === 'untied' && { patchHead: head() }),
    masking: maskCrops({ gridSize, maskRatio }),
    teacherTemperature: rising(teacherTemperature),
    teacherPatchTemperature: rising(options.teacherPatchTemperature ?? teacherTemperature),
    freezeLastLayerSteps: shareOf(parts.stepsPerEpoch, freezeLastLayerEpochs, 'nearest'),
  };
}
