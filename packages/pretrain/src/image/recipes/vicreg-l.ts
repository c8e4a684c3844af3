import { gridLocations } from '@selfsup/augment';
import { projectionHead } from '@selfsup/encoders';
import { vicregL } from '@selfsup/pretext-tasks/vicreg-l';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoTrackedViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';

const count = z.int().min(1);

/** VICRegL with two views of one size. */
export const vicregLTask = defineImageTask({
  name: 'vicreg-l',
  title: 'VICRegL',
  paper: 'https://arxiv.org/abs/2210.01571',
  summary: 'Like VICReg; in addition, places of two views that match, by where they lie or by what they look like, agree.',
  advice: {
    take: 'You want the maps of a ConvNet, as for segmentation, and not only features of whole images.',
    leave: 'Images are so small that the last map has only a few places: `vicreg` is cheaper.',
  },
  options: z.strictObject({
    alpha: z.number().min(0).max(1).default(0.75).describe('weight of the global criterion; that of the local one is what is left'),
    numMatches: z
      .tuple([count, count])
      .default([20, 4])
      .describe(
        'pairs of places that are kept of those that start in one view, and in the other; all of them where the last map has fewer',
      ),
    invarianceWeight: z.number().min(0).default(25).describe('weight of the invariance term'),
    varianceWeight: z.number().min(0).default(25).describe('weight of the variance term'),
    covarianceWeight: z.number().min(0).default(1).describe('weight of the covariance term'),
    localOutput: z.int().min(1).default(64).describe('columns of the head of places'),
    ...headOptions(3),
  }),
  input: twoTrackedViews,
  views: recipeSource('vicreg'),
  encoders: ['conv-net', 'resnet18', 'resnet34', 'resnet50'],
  create(parts, options) {
    const { alpha, numMatches, invarianceWeight, varianceWeight, covarianceWeight, localOutput, headHidden, headLayers } = options;
    const { outputDim: inputDim } = parts.backbone;
    const local = { inputDim, hiddenDim: headHidden ?? inputDim, outputDim: localOutput, numLayers: headLayers };
    return vicregL({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      localHead: projectionHead({ ...local, batchNorm: true }),
      locate: gridLocations,
      alpha,
      numMatches,
      invarianceWeight,
      varianceWeight,
      covarianceWeight,
    });
  },
  collapse: embeddingDimOf,
});
