import { barlowTwins } from '@selfsup/pretext-tasks/barlow-twins';
import { cosine } from '@selfsup/core';
import { dinoHead, prototypes } from '@selfsup/encoders';
import { byol } from '@selfsup/pretext-tasks/byol';
import { dino } from '@selfsup/pretext-tasks/dino';
import { simSiam } from '@selfsup/pretext-tasks/sim-siam';
import { swav } from '@selfsup/pretext-tasks/swav';
import { vicreg } from '@selfsup/pretext-tasks/vicreg';
import { expander, normalisedHead, predictor, simSiamHead } from './heads.ts';
import type { TaskEntry } from './task-entry.ts';
import { multiCropViews, recipeSource, twoViews } from './task-views.ts';

/** Where the momentum of a teacher or target network starts: solo-learn's for CIFAR, as runs on small data have few updates. */
const SMALL_MOMENTUM = 0.99;
const slowing = (totalSteps: number) => cosine({ initial: SMALL_MOMENTUM, final: 1, steps: totalSteps });

/** Outputs of DINO's head and prototypes of SwAV: lightly's for CIFAR-10. */
const [DINO_OUTPUTS, SWAV_PROTOTYPES] = [2048, 512];

/** Tasks on views without negatives. */
export const jointEmbeddingTasks = {
  byol: {
    input: twoViews,
    views: recipeSource('byol'),
    projectionHead: normalisedHead,
    create: ({ backbone, projectionHead, headOutput, totalSteps }) =>
      byol({ backbone, projectionHead, predictionHead: predictor(headOutput, 2), momentum: slowing(totalSteps) }),
  },
  'sim-siam': {
    input: twoViews,
    views: recipeSource('sim-siam'),
    projectionHead: simSiamHead,
    create: ({ backbone, projectionHead, headOutput }) =>
      simSiam({ backbone, projectionHead, predictionHead: predictor(headOutput, 1 / 4) }),
  },
  'barlow-twins': {
    input: twoViews,
    views: recipeSource('barlow-twins'),
    optimizer: 'lars', // the paper's; the loss is a sum over the head's outputs, for which the rate of SGD elsewhere is too high
    projectionHead: expander,
    create: ({ backbone, projectionHead }) => barlowTwins({ backbone, projectionHead }),
  },
  vicreg: {
    input: twoViews,
    views: recipeSource('vicreg'),
    projectionHead: expander,
    create: ({ backbone, projectionHead }) => vicreg({ backbone, projectionHead }),
  },
  swav: {
    input: multiCropViews,
    views: recipeSource('swav'),
    projectionHead: normalisedHead,
    temperature: 0.1,
    create: ({ backbone, projectionHead, headOutput, temperature, stepsPerEpoch: freezePrototypesSteps }) =>
      swav({
        ...{ backbone, projectionHead, temperature, freezePrototypesSteps }, // the authors' first epoch
        prototypes: prototypes({ inputDim: headOutput, numPrototypes: SWAV_PROTOTYPES }),
      }),
  },
  dino: {
    input: multiCropViews,
    views: recipeSource('dino'),
    projectionHead: ({ inputDim, outputDim: bottleneckDim }) =>
      dinoHead({ inputDim, hiddenDim: 2 * inputDim, bottleneckDim, outputDim: DINO_OUTPUTS, batchNorm: true }),
    temperature: 0.1,
    create: ({ backbone, projectionHead, temperature, stepsPerEpoch, totalSteps }) =>
      dino({
        // teacher temperature 0.04 throughout, as in the authors' code: a warm-up to 0.07 leads to uniform targets in a short run
        ...{ backbone, projectionHead, outputDim: DINO_OUTPUTS, studentTemperature: temperature },
        momentum: slowing(totalSteps),
        freezeLastLayerSteps: stepsPerEpoch, // the authors' first epoch
      }),
  },
} as const satisfies Readonly<Record<string, TaskEntry>>;
