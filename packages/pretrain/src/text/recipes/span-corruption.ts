import { corruptSpans, spanCount } from '@selfsup/augment';
import { sentinelIds, specialTokenId } from '@selfsup/data/text';
import { bertDecoder, type BertEncoder } from '@selfsup/encoders';
import { spanCorruption } from '@selfsup/pretext-tasks/span-corruption';
import { z } from 'zod';
import { defineTextTask } from '../text-task.ts';
import { assertLongEnough } from './assert-long-enough.ts';
import { tokenHead } from './token-head.ts';

/** T5's span corruption, on BERT's blocks; the encoder is kept. */
export const spanCorruptionTask = defineTextTask({
  name: 'span-corruption',
  aliases: ['t5'],
  title: 'Span corruption (T5)',
  paper: 'https://arxiv.org/abs/1910.10683',
  summary: 'Spans of a text are each replaced by a sentinel, and a decoder says what stood there.',
  advice: {
    take: 'You want the encoder to read for a decoder later, as in translation or summaries, and have much text.',
    leave: 'You want to classify texts soon: `masked-language` reaches useful states with less computation.',
  },
  options: z.strictObject({
    noiseDensity: z.number().gt(0).lt(1).default(0.15).describe('part of the tokens that is taken out'),
    meanSpanLength: z.number().min(1).default(3).describe('mean length of the spans, in tokens'),
    decoderLayers: z.int().min(1).exactOptional().describe("blocks of the decoder; default the encoder's number"),
  }),
  needsSentinels: true,
  predictsTokens: false, // sentinels are among them, and word frequencies say nothing about these
  create(parts, { noiseDensity, meanSpanLength, decoderLayers: numLayers }) {
    const { backbone, tokenizer, length } = parts;
    const { special, specialIds } = tokenizer;
    assertLongEnough('span-corruption takes spans out of texts', parts);
    const needed = spanCount(length, { noiseDensity, meanSpanLength });
    return spanCorruption<BertEncoder>({
      backbone,
      decoder: bertDecoder({ ...(numLayers !== undefined && { numLayers }) }),
      head: tokenHead(backbone, parts),
      corruption: corruptSpans({
        sentinelIds: sentinelIds(tokenizer, { needed }),
        startId: special.classify ?? special.pad ?? specialTokenId(tokenizer, 'separator'),
        endId: specialTokenId(tokenizer, 'separator'),
        specialIds,
        noiseDensity,
        meanSpanLength,
        fillId: special.pad ?? 0,
      }),
    });
  },
});
