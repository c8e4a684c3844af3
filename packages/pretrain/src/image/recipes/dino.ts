import { linearWarmup, shareOf } from '@selfsup/core';
import { dinoHead } from '@selfsup/encoders';
import { dino } from '@selfsup/pretext-tasks/dino';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { rising, risingMomentum } from './shared-options.ts';

/** DINO with lightly's outputs for CIFAR-10 and solo-learn's momentum; the recipe `dino/imagenet` has small crops. */
export const dinoTask = defineImageTask({
  name: 'dino',
  title: 'DINO',
  paper: 'https://arxiv.org/abs/2104.14294',
  summary: 'The encoder predicts what its slowly moving copy, the teacher, makes of another, larger crop of the image.',
  advice: {
    take: 'The encoder is a Vision Transformer, and you have time: its features suit kNN as they are.',
    leave: 'Runs take minutes: temperatures, centers and the moving teacher need thousands of updates.',
  },
  options: z.strictObject({
    outputDim: z.int().min(1).default(2048).describe('columns of the head; 65536 in the paper'),
    studentTemperature: z.number().gt(0).default(0.1).describe("the student's logits are divided by it"),
    teacherTemperature: z
      .number()
      .gt(0)
      .default(0.04)
      .describe("the teacher's logits are divided by it, after the warm-up; in short runs 0.07 leads to uniform targets"),
    warmupTeacherTemperature: z.number().gt(0).default(0.04).describe('where the temperature of the teacher starts'),
    warmupTeacherEpochs: z.number().min(0).default(0).describe("epochs during which it rises; 30 in the authors' code"),
    momentum: risingMomentum(0.99),
    centering: z
      .boolean()
      .default(true)
      .describe("whether the teacher's logits are centered; false is the paper's ablation, which collapses"),
    centerMomentum: z.number().min(0).max(1).default(0.9).describe('weight of the old center'),
    freezeLastLayerEpochs: z.number().min(0).default(1).describe('epochs during which the last layer stays as it is'),
    bottleneckDim: z.int().min(1).default(128).describe('columns of the unit vectors before the last layer'),
    headHidden: z.int().min(1).optional().describe('columns of the hidden layers of the head; default twice those of the encoder'),
    headLayers: z.int().min(1).default(3).describe('its linear layers before the last layer'),
    headBatchNorm: z.boolean().default(true).describe('whether its hidden layers are normalized'),
    normLastLayer: z.boolean().default(true).describe('whether the rows of the last layer keep length 1'),
  }),
  input: multiCropViews,
  views: recipeSource('dino'),
  create({ backbone, projectionHead, stepsPerEpoch, totalSteps }, options) {
    const { outputDim, studentTemperature, teacherTemperature, warmupTeacherTemperature, warmupTeacherEpochs } = options;
    const { momentum, centering, centerMomentum, freezeLastLayerEpochs } = options;
    const { outputDim: inputDim } = backbone;
    const { bottleneckDim, headHidden: hiddenDim = 2 * inputDim, headLayers: numLayers, headBatchNorm: batchNorm, normLastLayer } = options;
    const head = () => dinoHead({ inputDim, hiddenDim, bottleneckDim, outputDim, numLayers, batchNorm, normLastLayer });
    const warmupSteps = shareOf(stepsPerEpoch, warmupTeacherEpochs, 'nearest');
    return dino({
      backbone,
      projectionHead: projectionHead?.({ inputDim }) ?? head(),
      outputDim,
      studentTemperature,
      teacherTemperature: linearWarmup({ from: warmupTeacherTemperature, to: teacherTemperature, steps: warmupSteps }),
      momentum: rising(momentum, totalSteps),
      centering,
      centerMomentum,
      freezeLastLayerSteps: shareOf(stepsPerEpoch, freezeLastLayerEpochs, 'nearest'),
    });
  },
  collapse: ({ outputDim }) => ({ embeddingDim: outputDim }),
});
