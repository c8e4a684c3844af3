import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { maskTokens } from '@selfsup/augment';
import type { PretextTask } from '@selfsup/core';
import { specialTokenId, type Tokenizer } from '@selfsup/data/text';
import { bert, discriminatorHead, maskedLanguageHead, nextSentenceHead, type BertFactory } from '@selfsup/encoders';
import { maskedLanguage } from '@selfsup/pretext-tasks/masked-language';
import { nextToken } from '@selfsup/pretext-tasks/next-token';
import { replacedToken } from '@selfsup/pretext-tasks/replaced-token';
import { createRegistry } from '../registry.ts';
import type { TextSettings } from './text-settings.ts';

/** A batch of token sequences. */
export type TokenBatch = Readonly<
  Record<'tokenIds', Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', Tensor2D> & Record<'nextSentence', Tensor1D>>
>;

/** What a task on text is built from. */
export interface TextTaskContext {
  readonly backbone: BertFactory;
  readonly tokenizer: Tokenizer;
  readonly settings: Pick<TextSettings, 'maskRate' | 'maskRule' | 'maskUnit' | 'nextSentence'>;
}

/** How the command line trains a task on text. */
export interface TextTaskEntry {
  /** Builds the task. */
  create(context: TextTaskContext): PretextTask<TokenBatch>;
  /** The metric of the task that is the cross entropy of predicted tokens in nats; `loss` itself where undefined. */
  readonly tokenLoss?: string;
  /** Whether tokens are hidden, so that the vocabulary must have `[MASK]`. */
  readonly masks: boolean;
}

const headOf = ({ outputDim, vocabularySize, embeddingDim }: BertFactory) =>
  maskedLanguageHead({ width: outputDim, vocabularySize, embeddingDim });

function maskingOf({ tokenizer, settings }: TextTaskContext, fractions: { maskFraction?: number; randomFraction?: number } = {}) {
  const { vocabularySize, special, specialIds } = tokenizer;
  return maskTokens({
    vocabularySize,
    maskId: specialTokenId(tokenizer, 'mask'),
    ...(special.pad === undefined ? {} : { paddingId: special.pad }),
    specialIds,
    maskRate: settings.maskRate,
    rule: settings.maskRule,
    unit: settings.maskUnit,
    isContinuation: (id) => tokenizer.isContinuation(id),
    ...fractions,
  });
}

/** The generator of `replaced-token`: a quarter of the discriminator, in whole heads, as in section 3.2 of the paper. */
export function generatorSize({ outputDim, embeddingDim, vocabularySize }: BertFactory) {
  const width = Math.max(64, Math.round(outputDim / 4 / 64) * 64);
  return { numLayers: 2, width, numHeads: width / 64, vocabularySize, embeddingDim };
}

/** The tasks of `--task` that learn from text. A new one is an entry here. */
export const textTasks = createRegistry<TextTaskEntry>('task on text', {
  'masked-language': {
    create: (context) =>
      maskedLanguage({
        backbone: context.backbone,
        head: headOf(context.backbone),
        masking: maskingOf(context),
        ...(context.settings.nextSentence && { nextSentenceHead: nextSentenceHead({ width: context.backbone.outputDim }) }),
      }),
    tokenLoss: 'maskedLoss',
    masks: true,
  },
  'replaced-token': {
    create: (context) => {
      const { outputDim: width, embeddingDim, vocabularySize } = context.backbone;
      const size = generatorSize(context.backbone);
      return replacedToken({
        backbone: context.backbone,
        generator: bert(size),
        generatorHead: maskedLanguageHead({ width: size.width, vocabularySize, embeddingDim }),
        discriminatorHead: discriminatorHead({ width }),
        masking: maskingOf(context, { maskFraction: 0.85, randomFraction: 0 }),
      });
    },
    tokenLoss: 'generatorLoss',
    masks: true,
  },
  'next-token': {
    create: ({ backbone }) => nextToken({ backbone, head: headOf(backbone) }),
    masks: false,
  },
});
