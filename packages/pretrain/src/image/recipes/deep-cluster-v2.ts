import { deepClusterV2 } from '@selfsup/pretext-tasks/deep-cluster-v2';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { multiCropViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { temperature } from './shared-options.ts';

/** DeepCluster-v2 with as many prototypes as `swav` has for small data; the recipe `swav/imagenet` has small crops. */
export const deepClusterV2Task = defineImageTask({
  name: 'deep-cluster-v2',
  title: 'DeepCluster-v2',
  paper: 'https://arxiv.org/abs/2006.09882',
  summary: 'Crops of one image predict in which cluster it was an epoch ago, in several clusterings of the whole data set.',
  advice: {
    take: 'The data falls into groups, and memory holds one projection for each image and crop.',
    leave: 'You have few epochs: the first one fills the memory and learns nothing, and clusters are always an epoch old.',
  },
  options: z.strictObject({
    temperature: temperature(0.1),
    numPrototypes: z
      .array(z.int().min(1))
      .min(1)
      .default([512, 512, 512])
      .describe('clusters of each clustering, at most half of the images; three of 3000 in the paper'),
    iterations: z.int().min(1).default(10).describe('iterations of k-means'),
    ...headOptions(2),
  }),
  input: { ...multiCropViews, indices: true },
  views: recipeSource('swav'),
  create(parts, options) {
    const { temperature, numPrototypes, iterations, headOutput: projectionDim } = options;
    const { numSamples } = parts;
    const most = Math.max(1, Math.floor(numSamples / 2));
    return deepClusterV2({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      projectionDim,
      numSamples,
      clusterEverySteps: parts.stepsPerEpoch,
      numPrototypes: numPrototypes.map((count) => Math.min(count, most)),
      temperature,
      iterations,
    });
  },
  collapse: embeddingDimOf,
});
