import { SelfsupError } from '@selfsup/core';
import { bert, type BertFactory, type BertSize } from '@selfsup/encoders';
import { z } from 'zod';
import { blockLayers } from '../encoder-layers.ts';
import { projectionOption, withProjection } from '../encoder-projection.ts';
import { defineEncoder, type EncoderRecipe } from '../encoder-recipe.ts';
import { ppmiStart } from './ppmi-start.ts';
import { textInputOf } from './text-input.ts';
import { textReadouts } from './text-readouts.ts';

const bertOptions = ({ numLayers, width, numHeads }: BertSize) =>
  z.strictObject({
    numLayers: z.int().min(1).default(numLayers).describe('transformer blocks'),
    width: z.int().min(1).default(width).describe('columns of the states and features, a multiple of numHeads'),
    numHeads: z.int().min(1).default(numHeads).describe('heads of the attention'),
    maxPositions: z
      .int()
      .min(1)
      .optional()
      .describe('the longest sequence; default 512, or the length of the sequences where that is more'),
    numSegments: z.int().min(0).default(2).describe('kinds of segments; 0 as in DistilBERT, without their embedding'),
    embeddingDim: z
      .int()
      .min(1)
      .optional()
      .describe("columns of the embeddings, where they are narrower than the states as in ELECTRA; default the states'"),
    dropoutRate: z.number().min(0).lt(1).default(0.1).describe('how much of the embeddings and of each branch is dropped in training'),
    attentionDropoutRate: z.number().min(0).lt(1).default(0.1).describe('how much of the attention is dropped in training'),
    hiddenDim: z.int().min(1).exactOptional().describe('columns between the two linear layers of a block; default 4 times the width'),
    epsilon: z.number().gt(0).exactOptional().describe('added to the variances; default 1e-12'),
    ...projectionOption,
  });

type BertEncoderOptions = z.output<ReturnType<typeof bertOptions>>;

const bertEncoder = (name: string, title: string, size: BertSize): EncoderRecipe<BertFactory, BertEncoderOptions> =>
  withProjection(
    defineEncoder({
      name,
      title,
      modalities: ['text'],
      options: bertOptions(size),
      readouts: textReadouts,
      starts: [ppmiStart],
      layers: ({ numLayers }) => blockLayers(/^encoder\/layer(\d+)\//, { first: 0, count: numLayers, top: /^$/ }),
      growing: ['embeddings/word/weight'],
      complete(options, input) {
        const { length } = textInputOf(input);
        const { maxPositions = Math.max(512, length), embeddingDim = options.width } = options;
        if (maxPositions < length)
          throw new SelfsupError(
            'SELFSUP_OPTION',
            `\`length\` ${length} is over the ${maxPositions} positions of the encoder ${name}; use a \`length\` of ${maxPositions} or less, or a larger \`maxPositions\``,
          );
        return { ...options, maxPositions, embeddingDim };
      },
      create({ maxPositions = 512, embeddingDim, ...options }, input) {
        const { vocabularySize } = textInputOf(input);
        return bert({ ...options, maxPositions, vocabularySize, ...(embeddingDim !== undefined && { embeddingDim }) });
      },
    }),
  );

/** The encoders of text, the default first; their sizes are those of Turc et al., https://arxiv.org/abs/1908.08962. */
export const textEncoders: readonly EncoderRecipe<BertFactory, BertEncoderOptions>[] = [
  bertEncoder('bert-tiny', 'BERT-Tiny: 2 blocks of 128 columns', { numLayers: 2, width: 128, numHeads: 2 }),
  bertEncoder('bert-mini', 'BERT-Mini: 4 blocks of 256 columns', { numLayers: 4, width: 256, numHeads: 4 }),
  bertEncoder('bert-small', 'BERT-Small: 4 blocks of 512 columns', { numLayers: 4, width: 512, numHeads: 8 }),
  bertEncoder('bert-medium', 'BERT-Medium: 8 blocks of 512 columns', { numLayers: 8, width: 512, numHeads: 8 }),
  bertEncoder('bert-base', 'BERT-Base: 12 blocks of 768 columns', { numLayers: 12, width: 768, numHeads: 12 }),
];
