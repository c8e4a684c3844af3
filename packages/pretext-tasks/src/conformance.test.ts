import { convNet, projectionHead, tokenReadout } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { channels, linearHead, row, smoothEncoder, testRows, viewsAt } from '../fixtures/conformance-rows.ts';
import {
  tinyBatch,
  tinyBert,
  tinyDiscriminatorHead,
  tinyGenerator,
  tinyGeneratorHead,
  tinyHead,
  tinyMasking,
  tinyNextSentenceHead,
  tinyUnigram,
} from '../fixtures/tiny-text.ts';
import { declutr } from './declutr.ts';
import { maskedLanguage } from './masked-language.ts';
import { nextToken } from './next-token.ts';
import { replacedToken } from './replaced-token.ts';
import { simclr } from './simclr.ts';
import { skipGram } from './skip-gram.ts';

// The kit of @selfsup/testing over every task: add a row for yours, here or in the file of its group.
/** Without padding, so that both ranks have as many tokens. */
const unpadded = (step: number) => {
  const { tokenIds, attentionMask, segmentIds, nextSentence } = tinyBatch(step);
  const rows = tf.slice(tokenIds, [0, 0], [6, tokenIds.shape[1]]);
  tf.dispose([tokenIds, attentionMask, segmentIds, nextSentence]);
  return { tokenIds: rows };
};
testRows([
  row('simclr', simclr({ backbone: smoothEncoder, projectionHead: linearHead }), { batchAt: viewsAt }),
  row('simclr, three views', simclr({ backbone: smoothEncoder, projectionHead: linearHead, temperature: 0.1 }), {
    batchAt: (step) => viewsAt(step, { count: 3 }),
  }),
  row(
    'simclr on conv-net with batch normalization',
    simclr({
      backbone: convNet({ channels, widths: [4, 6] }),
      projectionHead: projectionHead({ inputDim: 6, hiddenDim: 6, outputDim: 5 }),
    }),
    {
      batchAt: (step) => viewsAt(step, { rows: 6, size: 8 }),
      skip: { ranks: 'batch normalization takes its statistics per rank' },
    },
  ),
  row('masked-language', maskedLanguage({ backbone: tinyBert(), head: tinyHead, masking: tinyMasking }), {
    batchAt: (step) => tinyBatch(step),
    gradientSamples: 0,
  }),
  row(
    'masked-language with next sentences',
    maskedLanguage({ backbone: tinyBert(), head: tinyHead, masking: tinyMasking, nextSentenceHead: tinyNextSentenceHead }),
    {
      batchAt: (step) => tinyBatch(step),
      gradientSamples: 0,
      skip: { ranks: 'next sentences count as the hidden tokens beside them' },
    },
  ),
  row(
    'replaced-token',
    replacedToken({
      backbone: tinyBert(),
      generator: tinyGenerator(),
      generatorHead: tinyGeneratorHead,
      discriminatorHead: tinyDiscriminatorHead,
      masking: tinyMasking,
    }),
    { batchAt: (step) => tinyBatch(step), gradientSamples: 0 },
  ),
  row('next-token', nextToken({ backbone: tinyBert(0), head: tinyHead }), { batchAt: unpadded, gradientSamples: 0 }),
  row('declutr', declutr({ backbone: tinyBert(), reader: (backbone) => tokenReadout(backbone, { parts: ['top/mean'] }), dropRate: 0 }), {
    batchAt: (step) => tinyBatch(step),
    gradientSamples: 0,
  }),
  row(
    'declutr of the embeddings, with dropped tokens',
    declutr({
      backbone: tinyBert(),
      reader: (backbone) => tokenReadout(backbone, { parts: ['embedding/weighted'] }),
      isTrained: (path) => path === 'embeddings/word/weight',
      specialIds: [0, 1, 2],
    }),
    { batchAt: (step) => tinyBatch(step), gradientSamples: 0 },
  ),
  row('skip-gram', skipGram({ backbone: tinyBert(), unigram: tinyUnigram, window: 3, negatives: 4, subsample: 0.02 }), {
    batchAt: (step) => tinyBatch(step),
    gradientSamples: 0,
  }),
]);
