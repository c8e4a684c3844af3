import { SelfsupError } from '@selfsup/core';
import { z } from 'zod';
import type { InputDescription } from '../encoder-recipe.ts';

const textInputSchema = z.strictObject({
  vocabularySize: z.int().min(1),
  length: z.int().min(1),
  tokenizerHash: z.string().min(1),
  attention: z.literal('causal').optional(),
});

/** What encoders of text take; `input` of run.json. */
export interface TextInput extends InputDescription {
  /** Every token id is below it. */
  readonly vocabularySize: number;
  /** Tokens of a sequence, special ones included: positions beyond it were never trained. */
  readonly length: number;
  /** The sha256 of the tokenizer, see `hashTokenizer`. */
  readonly tokenizerHash: string;
  /** `causal`: the encoder learned to see a token and those before it; default those on both sides. */
  readonly attention?: 'causal' | undefined;
}

/**
 * Reads the description of a run's input as one of text.
 *
 * @param input `input` of run.json
 * @returns the same, checked
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it does not describe text
 */
export function textInputOf(input: InputDescription): TextInput {
  const result = textInputSchema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `the encoder does not take text: \`input.${issue?.path.join('.') ?? ''}\` of run.json: ${issue?.message ?? 'not as expected'}`,
  );
}
