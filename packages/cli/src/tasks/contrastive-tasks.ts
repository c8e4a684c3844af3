import { dcl } from '@selfsup/pretext-tasks/dcl';
import { moco } from '@selfsup/pretext-tasks/moco';
import { mocoV3 } from '@selfsup/pretext-tasks/moco-v3';
import { nnclr } from '@selfsup/pretext-tasks/nnclr';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { normalisedExpander, normalisedHead, predictor } from './heads.ts';
import type { TaskEntry } from './task-entry.ts';
import { manyViews, recipeSource, twoViews } from './task-views.ts';

/** Keys in MoCo's queue and the weight of its target network's old weights: those of the authors' CIFAR-10 demo, small data sets being what is trained here. */
const SMALL_MOCO = { queueSize: 4096, momentum: 0.99 } as const;

/** Tasks with negatives, in the batch or in a queue. */
export const contrastiveTasks = {
  simclr: {
    input: manyViews,
    views: recipeSource('simclr'),
    create: ({ backbone, projectionHead, temperature }) => simclr({ backbone, projectionHead, temperature }),
  },
  dcl: {
    input: twoViews,
    views: recipeSource('simclr'),
    create: ({ backbone, projectionHead, temperature }) => dcl({ backbone, projectionHead, temperature }),
  },
  moco: {
    input: twoViews,
    views: recipeSource('moco-v2'),
    targetMomentum: SMALL_MOCO.momentum,
    temperature: 0.1, // theirs, too
    create: ({ backbone, projectionHead, headOutput: outputDim, temperature, batchSize }) =>
      moco({
        ...{ backbone, projectionHead, outputDim, temperature, ...SMALL_MOCO },
        queueSize: Math.max(SMALL_MOCO.queueSize, batchSize),
        shuffleGroups: Math.max(1, Math.min(8, Math.floor(batchSize / 2))), // at least two images have statistics together
      }),
  },
  'moco-v3': {
    input: twoViews,
    views: recipeSource('moco-v3'),
    projectionHead: normalisedHead,
    create: ({ backbone, projectionHead, headOutput, temperature }) =>
      mocoV3({ backbone, projectionHead, predictionHead: predictor(headOutput, 1), temperature }),
  },
  nnclr: {
    input: twoViews,
    views: recipeSource('nnclr'),
    projectionHead: normalisedExpander,
    temperature: 0.1,
    create: ({ backbone, projectionHead, headOutput: outputDim, temperature, batchSize }) =>
      nnclr({
        ...{ backbone, projectionHead, outputDim, temperature, predictionHead: predictor(outputDim, 2) },
        queueSize: Math.max(SMALL_MOCO.queueSize, batchSize), // the paper's 98,304 are ten times a small data set
      }),
  },
} as const satisfies Readonly<Record<string, TaskEntry>>;
