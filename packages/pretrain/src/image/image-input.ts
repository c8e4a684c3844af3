import { SelfsupError } from '@selfsup/core';
import { z } from 'zod';
import type { InputDescription } from '../encoder-recipe.ts';

const imageInputSchema = z.strictObject({
  size: z.int().min(1),
  channels: z.int().min(1),
  mean: z.array(z.number()),
  std: z.array(z.number().gt(0)),
});

/** What encoders of images take; `input` of run.json. */
export interface ImageInput extends InputDescription {
  /** Height and width in pixels. */
  readonly size: number;
  /** 1 (gray) or 3 (RGB). */
  readonly channels: number;
  /** Per channel, of pixels in [0, 1]: subtracted. */
  readonly mean: readonly number[];
  /** Per channel, > 0: divides. */
  readonly std: readonly number[];
}

/**
 * Reads the description of a run's input as one of images.
 *
 * @param input `input` of run.json
 * @returns the same, checked
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it does not describe images
 */
export function imageInputOf(input: InputDescription): ImageInput {
  const result = imageInputSchema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `the encoder does not take images: \`input.${issue?.path.join('.') ?? ''}\` of run.json: ${issue?.message ?? 'not as expected'}`,
  );
}
