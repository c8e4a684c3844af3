import type { BertEncoder } from '@selfsup/encoders';
import { skipGram } from '@selfsup/pretext-tasks/skip-gram';
import { z } from 'zod';
import { comparisonCauses } from '../collapse-causes.ts';
import { defineTextTask } from '../text-task.ts';

/** Word2vec on the word embeddings of the encoder; read by the readout `embedding`. On little text `--start ppmi` alone serves better, see docs/benchmarks.md. */
export const skipGramTask = defineTextTask({
  name: 'skip-gram',
  aliases: ['skipgram', 'word2vec', 'sgns', 'negative-sampling'],
  title: 'Skip-gram with negative sampling (word2vec)',
  paper: 'https://arxiv.org/abs/1310.4546',
  summary: 'The word embeddings of the encoder tell which words stand around a word; nothing else of it is trained.',
  advice: {
    take: 'You have only seconds: it trains word embeddings, for an average of words.',
    leave: 'Word order matters.',
  },
  options: z.strictObject({
    window: z.int().min(1).default(5).describe('words to each side that are predicted at most; each center draws how many'),
    negatives: z.int().min(1).default(5).describe('words that are drawn for each center, by their frequency to the power 3/4'),
    subsample: z
      .number()
      .gt(0)
      .default(0.001)
      .describe('of words that are more frequent than this part of all tokens, only the part √(subsample / frequency) is kept'),
  }),
  defaults: ({ epochs = 10 }) => ({
    epochs,
    batchSize: 64,
    learningRate: 1e-2, // of little text: with 2e-3, 5 epochs of 7,000 passages hardly leave the loss that scores of one value have
    weightDecay: 0,
    beta2: 0.98,
    epsilon: 1e-8,
    biasCorrection: true,
    warmupEpochs: 0.05 * epochs,
  }),
  predictsTokens: false,
  collapse: () => ({ causes: comparisonCauses }),
  create: ({ backbone, counts }, options) => skipGram<BertEncoder>({ backbone, unigram: counts().unigram, ...options }),
});
