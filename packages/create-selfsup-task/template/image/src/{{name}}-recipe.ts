import { projectionHead } from '@selfsup/encoders';
import { defineImageTask, manyViews, recipeSource } from '@selfsup/pretrain';
import { z } from 'zod';
import { {{camelName}} } from './{{name}}.ts';

/** How the task is trained when nobody says more. The options become flags of `selfsup train`, checks, and lines of its help. */
export const {{camelName}}Recipe = defineImageTask({
  name: '{{name}}',
  title: '{{title}}',
  summary: 'Views of one image come close to each other, all images spread out.',
  options: z.strictObject({
    uniformityWeight: z.number().min(0).default(1).describe('how much spreading out counts beside agreement'),
    headOutput: z.int().min(1).default(64).describe('columns of the projection head'),
  }),
  input: manyViews,
  views: recipeSource('simclr'),
  create({ backbone, projectionHead: given }, { uniformityWeight, headOutput }) {
    const { outputDim: inputDim } = backbone;
    const head = given?.({ inputDim }) ?? projectionHead({ inputDim, hiddenDim: inputDim, outputDim: headOutput });
    return {{camelName}}({ backbone, projectionHead: head, uniformityWeight });
  },
  collapse: ({ headOutput }) => ({ embeddingDim: headOutput }),
});
