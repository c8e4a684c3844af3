import { linear } from '@selfsup/encoders';
import { data2vecText } from '@selfsup/pretext-tasks/data2vec-text';
import { z } from 'zod';
import { followingOf, teacherOptions } from '../../data2vec-options.ts';
import { teacherCauses } from '../collapse-causes.ts';
import { defineTextTask } from '../text-task.ts';
import { maskingOf, maskOptions } from './mask-options.ts';

/** data2vec on text; the momentum is lower than in the paper, as runs on small data have few updates. */
export const data2vecTextTask = defineTextTask({
  name: 'data2vec-text',
  title: 'data2vec on text',
  paper: 'https://arxiv.org/abs/2202.03555',
  summary: 'Some of the tokens are hidden, and the encoder predicts what the last blocks of its slowly moving copy make of them.',
  advice: {
    take: 'You want one recipe for images and text, and will fine-tune on text.',
    leave: 'You want to guess words, or runs are short: `masked-language` has targets from the start.',
  },
  options: z.strictObject({
    ...maskOptions({ maskFraction: 0.8, randomFraction: 0.1 }),
    ...teacherOptions({ topBlocks: 'ten of twelve, as in the paper', part: 'feed-forward', beta: 4 }),
  }),
  defaults: { learningRate: 2e-4 }, // the paper's
  hidesTokens: true,
  predictsTokens: false,
  collapse: () => ({ causes: teacherCauses }),
  create({ backbone, tokenizer, totalSteps }, options) {
    const { outputDim, numLayers } = backbone;
    const { topBlocks = Math.ceil((numLayers * 10) / 12), part, beta } = options;
    return data2vecText({
      backbone,
      head: linear({ inputDim: outputDim, outputDim }),
      masking: maskingOf(tokenizer, options),
      topBlocks,
      part,
      beta,
      momentum: followingOf(options, totalSteps),
    });
  },
});
