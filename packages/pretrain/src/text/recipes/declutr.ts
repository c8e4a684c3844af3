import { tokenReadout, type BertEncoder } from '@selfsup/encoders';
import { declutr } from '@selfsup/pretext-tasks/declutr';
import { z } from 'zod';
import { comparisonCauses } from '../collapse-causes.ts';
import { defineTextTask } from '../text-task.ts';
import { assertLongEnough } from './assert-long-enough.ts';

/** What each text is read by: the part of `tokenReadout`. */
const PARTS = { embedding: 'embedding/weighted', top: 'top/mean' } as const;

/** Contrastive halves of texts; on the word embeddings alone it takes seconds. */
export const declutrTask = defineTextTask({
  name: 'declutr',
  aliases: ['contrastive-text', 'halves'],
  title: 'Contrastive halves of texts (DeCLUTR)',
  paper: 'https://arxiv.org/abs/2006.03659',
  summary: 'The encoder tells which second half of a text belongs to which first half; of each it sees only part of the tokens.',
  advice: {
    take: 'You want embeddings of whole documents, and your documents have several sentences.',
    leave: 'Texts are single short sentences: their halves say too little.',
  },
  options: z.strictObject({
    reads: z
      .enum(['embedding', 'top'])
      .default('embedding')
      .describe(
        'what is compared and trained: the mean of the word embeddings, weighted by how few texts have them, or that of the last states',
      ),
    dropRate: z.number().min(0).lt(1).default(0.5).describe('part of the tokens of each half that its view lacks'),
    temperature: z.number().gt(0).default(0.1).describe('softmax scale: the similarities are divided by it'),
  }),
  defaults: ({ epochs = 30 }) => ({
    epochs,
    batchSize: 256,
    learningRate: 1e-4, // 5e-4 on rows of length 1 is 1e-4 on rows of BERT's start
    weightDecay: 0,
    beta2: 0.98,
    epsilon: 1e-8,
    biasCorrection: true,
    warmupEpochs: 0.05 * epochs,
  }),
  predictsTokens: false,
  collapse: () => ({ causes: comparisonCauses }),
  create({ backbone, tokenizer, counts, shortShare }, { reads, dropRate, temperature }) {
    assertLongEnough('declutr tells halves of texts apart', { shortShare });
    const { tokenWeights, unigram } = counts();
    const { specialIds } = tokenizer;
    return declutr<BertEncoder>({
      backbone,
      reader: (encoder) => tokenReadout(encoder, { parts: [PARTS[reads]], tokenWeights, unigram, specialIds }),
      ...(reads === 'embedding' && { isTrained: (path: string) => path === 'embeddings/word/weight' }),
      specialIds,
      dropRate,
      temperature,
    });
  },
});
