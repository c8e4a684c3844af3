import { maskTokens, type MaskTokensOptions } from '@selfsup/augment';
import { specialTokenId, type Tokenizer } from '@selfsup/data/text';
import { z } from 'zod';

/** Which tokens are hidden, and what becomes of them. */
export const maskOptions = (defaults: { maskFraction: number; randomFraction: number }) => ({
  maskRate: z.number().gt(0).lt(1).default(0.15).describe('part of the tokens that is hidden'),
  maskRule: z
    .enum(['counted', 'bernoulli'])
    .default('counted')
    .describe("how many are hidden: a fixed part of each sequence, as in Google's BERT, or each with that probability, as in transformers"),
  maskUnit: z
    .enum(['token', 'whole-word', 'span'])
    .default('token')
    .describe('what is hidden as a whole; spans are runs of words, with counted only'),
  maxMasked: z.int().min(1).optional().describe('at most so many tokens of a sequence, of counted; default no limit'),
  maskFraction: z.number().min(0).max(1).default(defaults.maskFraction).describe('part of the hidden tokens that becomes [MASK]'),
  randomFraction: z
    .number()
    .min(0)
    .max(1)
    .default(defaults.randomFraction)
    .describe('part that becomes a random token; the rest stays as it is'),
  spanProbability: z.number().gt(0).max(1).default(0.2).describe('success probability of the geometric lengths of spans'),
  maxSpan: z.int().min(1).default(10).describe('the longest span, in words'),
});

/** Options of {@link maskOptions}, complete. */
export type MaskOptions = z.output<z.ZodObject<ReturnType<typeof maskOptions>>>;

/** Hides tokens of a tokenizer's ids. */
export function maskingOf(tokenizer: Tokenizer, options: MaskOptions): ReturnType<typeof maskTokens> {
  const { maskRate, maskRule: rule, maskUnit: unit, maxMasked, maskFraction, randomFraction, spanProbability, maxSpan } = options;
  const { vocabularySize, special, specialIds } = tokenizer;
  const given: MaskTokensOptions = { vocabularySize, maskId: specialTokenId(tokenizer, 'mask'), specialIds };
  return maskTokens({
    ...given,
    ...(special.pad !== undefined && { paddingId: special.pad }),
    ...(maxMasked !== undefined && { maxMasked }),
    isContinuation: (id) => tokenizer.isContinuation(id),
    maskRate,
    rule,
    unit,
    maskFraction,
    randomFraction,
    spanProbability,
    maxSpan,
  });
}
