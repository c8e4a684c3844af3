import { z } from 'zod';

/** The options of data2vec for images and text alike: what is predicted, and how fast the teacher follows. */
export const teacherOptions = (defaults: {
  topBlocks: string;
  part: 'block' | 'feed-forward';
  beta: number;
  momentum: number;
  finalMomentum: number;
}) => ({
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
  momentum: z.number().min(0).max(1).default(defaults.momentum).describe("weight of the copy's old weights at the start"),
  finalMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(defaults.finalMomentum)
    .describe('the same at the end; between them it changes in a line'),
});
