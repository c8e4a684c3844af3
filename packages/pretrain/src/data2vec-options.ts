import { linearWarmup, type Schedule } from '@selfsup/core';
import { z } from 'zod';
import { momentumOfPaper, momentumOfRun } from './momentum-of-run.ts';

/** The paper's at the start of long runs. */
const PAPER = 0.999;

/** The options of data2vec for images and text alike: what is predicted, and how fast the teacher follows. */
export const teacherOptions = (defaults: { topBlocks: string; part: 'block' | 'feed-forward'; beta: number }) => ({
  topBlocks: z
    .int()
    .min(1)
    .optional()
    .describe(`over so many of the last blocks of the copy the states are averaged; default ${defaults.topBlocks}`),
  part: z
    .enum(['block', 'feed-forward'])
    .default(defaults.part)
    .describe('what is averaged: what whole blocks say, or their linear layers alone'),
  beta: z.number().gt(0).default(defaults.beta).describe('where the loss turns from a parabola into a line'),
  momentum: momentumOfPaper(PAPER, "weight of the copy's old weights at the start"),
  finalMomentum: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('the same at the end; between them it changes in a line; default a tenth as far from 1 as at the start'),
});

/** How the copy follows in a run of so many updates. */
export function followingOf(
  options: { readonly momentum?: number | undefined; readonly finalMomentum?: number | undefined },
  totalSteps: number,
): Schedule {
  const { momentum: from = momentumOfRun(PAPER, totalSteps), finalMomentum: to = 1 - (1 - from) / 10 } = options;
  return linearWarmup({ from, to, steps: totalSteps });
}
