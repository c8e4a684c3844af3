import { discriminatorHead } from '@selfsup/encoders';
import { defineTextTask } from '@selfsup/pretrain';
import { z } from 'zod';
import { {{camelName}} } from './{{name}}.ts';

/** How the task is trained when nobody says more. The options become flags of `selfsup train`, checks, and lines of its help. */
export const {{camelName}}Recipe = defineTextTask({
  name: '{{name}}',
  title: '{{title}}',
  summary: 'Some tokens are replaced by random ones, and the encoder learns to find them.',
  options: z.strictObject({
    replaceRate: z.number().gt(0).lt(1).default(0.15).describe('the part of the tokens that is replaced'),
  }),
  create({ backbone }, { replaceRate }) {
    const { outputDim: width, vocabularySize } = backbone;
    return {{camelName}}({ backbone, head: discriminatorHead({ width }), vocabularySize, replaceRate });
  },
});
