import { barlowTwins } from '@selfsup/pretext-tasks/barlow-twins';
import { byol } from '@selfsup/pretext-tasks/byol';
import { simSiam } from '@selfsup/pretext-tasks/sim-siam';
import { vicreg } from '@selfsup/pretext-tasks/vicreg';
import { expander, normalisedHead, predictor, simSiamHead } from './heads.ts';
import type { TaskEntry } from './task-entry.ts';
import { recipeSource, twoViews } from './task-views.ts';

/** Tasks on views without negatives. */
export const jointEmbeddingTasks = {
  byol: {
    input: twoViews,
    views: recipeSource('byol'),
    projectionHead: normalisedHead,
    create: ({ backbone, projectionHead, headOutput }) => byol({ backbone, projectionHead, predictionHead: predictor(headOutput, 2) }),
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
    projectionHead: expander,
    create: ({ backbone, projectionHead }) => barlowTwins({ backbone, projectionHead }),
  },
  vicreg: {
    input: twoViews,
    views: recipeSource('vicreg'),
    projectionHead: expander,
    create: ({ backbone, projectionHead }) => vicreg({ backbone, projectionHead }),
  },
} as const satisfies Readonly<Record<string, TaskEntry>>;
