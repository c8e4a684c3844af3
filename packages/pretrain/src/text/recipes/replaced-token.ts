import { bert, discriminatorHead, type BertSize } from '@selfsup/encoders';
import { replacedToken } from '@selfsup/pretext-tasks/replaced-token';
import { z } from 'zod';
import { textCollapseCauses } from '../collapse-causes.ts';
import { defineTextTask } from '../text-task.ts';
import { maskingOf, maskOptions } from './mask-options.ts';
import { tokenHead } from './token-head.ts';

/** The size of the generator. */
export const generatorOptions = {
  generatorLayers: z.int().min(1).default(2).describe('transformer blocks of the generator'),
  generatorWidth: z
    .int()
    .min(1)
    .optional()
    .describe("columns of its states; default a quarter of the encoder's, in whole heads of 64, as in section 3.2 of the paper"),
  generatorHeads: z.int().min(1).optional().describe('heads of its attention, which divide its width; default one for 64 columns'),
};

/** {@link generatorOptions}, complete. */
export type GeneratorOptions = z.output<z.ZodObject<typeof generatorOptions>>;

/**
 * The size of the generator beside an encoder.
 *
 * @param encoderWidth columns of the encoder's states
 * @param options see {@link generatorOptions}
 * @returns blocks, columns and heads
 */
export function generatorSize(encoderWidth: number, options: GeneratorOptions): BertSize {
  const { generatorLayers: numLayers, generatorWidth: width = Math.max(64, Math.round(encoderWidth / 4 / 64) * 64) } = options;
  const { generatorHeads: numHeads = Math.max(1, Math.floor(width / 64)) } = options;
  return { numLayers, width, numHeads };
}

/** ELECTRA's replaced token detection. */
export const replacedTokenTask = defineTextTask({
  name: 'replaced-token',
  title: 'Replaced token detection (ELECTRA)',
  paper: 'https://arxiv.org/abs/2003.10555',
  summary: 'A small generator fills in hidden tokens, and the encoder tells for every token whether it was replaced.',
  advice: {
    take: 'You will fine-tune the encoder, and compute is short: it learns from every token.',
    leave: 'The vocabulary is tiny, or texts are short: its generator becomes too good or too bad.',
  },
  options: z.strictObject({
    ...maskOptions({ maskFraction: 0.85, randomFraction: 0 }),
    ...generatorOptions,
    discriminatorWeight: z.number().min(0).default(50).describe("weight of the discriminator's loss beside the generator's"),
  }),
  defaults: { learningRate: 5e-4 }, // of ELECTRA-small, table 6 of the paper; with 1e-3 the discriminator collapses on small text
  hidesTokens: true,
  tokenLoss: 'generatorLoss',
  detectionLoss: 'discriminatorLoss',
  guessers: 'generator',
  collapse: () => ({
    causes: {
      ...textCollapseCauses,
      complete: {
        likelyCause:
          'the encoder calls every token original, which is right for most of them and where its training begins; or the learning rate is too high',
        advice: textCollapseCauses.complete!.advice,
      },
    },
  }),
  create(parts, options) {
    const { backbone, tokenizer, length } = parts;
    const { outputDim, vocabularySize, embeddingDim } = backbone;
    // it shares the embeddings of the encoder, positions too
    const generator = bert({ ...generatorSize(outputDim, options), vocabularySize, embeddingDim, maxPositions: Math.max(512, length) });
    return replacedToken({
      backbone,
      generator,
      generatorHead: tokenHead(generator, parts),
      discriminatorHead: discriminatorHead({ width: outputDim }),
      masking: maskingOf(tokenizer, options),
      discriminatorWeight: options.discriminatorWeight,
    });
  },
});
