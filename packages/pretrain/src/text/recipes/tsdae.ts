import { deleteTokens } from '@selfsup/augment';
import { SelfsupError } from '@selfsup/core';
import { bertDecoder, type BertEncoder } from '@selfsup/encoders';
import { tsdae } from '@selfsup/pretext-tasks/tsdae';
import { z } from 'zod';
import { defineTextTask } from '../text-task.ts';
import { tokenHead } from './token-head.ts';

/** TSDAE: a text said again from a single vector of what noise has left of it. */
export const tsdaeTask = defineTextTask({
  name: 'tsdae',
  aliases: ['denoising-auto-encoder'],
  title: 'Denoising auto-encoder of sentences (TSDAE)',
  paper: 'https://arxiv.org/abs/2104.06979',
  summary: 'Most words of a text are deleted, and from one vector of the rest, read by `pooling`, a decoder says the whole text.',
  advice: {
    take: 'You want to compare or find whole sentences of one domain, and have no labels, but hours.',
    leave: 'You have only minutes: the decoder must learn the language before the vector is of use to it.',
  },
  options: z.strictObject({
    deleteRate: z.number().min(0).lt(1).default(0.6).describe('part of the words that is deleted'),
    tied: z.boolean().default(true).describe("whether the decoder's blocks are the encoder's, but for its attention to the vector"),
    decoderLayers: z.int().min(1).exactOptional().describe("blocks of a decoder that is not tied; default the encoder's number"),
  }),
  create(parts, { deleteRate, tied, decoderLayers: numLayers }) {
    const { backbone, tokenizer, pooling } = parts;
    const { special, specialIds } = tokenizer;
    if (tied && numLayers !== undefined)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        'tsdae: `decoderLayers` is for a decoder with blocks of its own; leave it out, or set `tied` to false',
      );
    return tsdae<BertEncoder>({
      backbone,
      decoder: bertDecoder({ memory: 'vector', tied, ...(numLayers !== undefined && { numLayers }) }),
      head: tokenHead(backbone, parts),
      deletion: deleteTokens({ specialIds, deleteRate, isContinuation: (id) => tokenizer.isContinuation(id), fillId: special.pad ?? 0 }),
      pooling,
    });
  },
});
