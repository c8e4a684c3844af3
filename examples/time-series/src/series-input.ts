import { SelfsupError } from '@selfsup/core';
import type { InputDescription } from '@selfsup/pretrain';
import { z } from 'zod';

const seriesInputSchema = z.strictObject({
  length: z.int().min(1),
  channels: z.int().min(1),
  mean: z.array(z.number()),
  std: z.array(z.number().gt(0)),
});

/** What encoders of time series take; `input` of run.json. */
export interface SeriesInput extends InputDescription {
  /** Time steps of a window. */
  readonly length: number;
  /** Channels of a recording. */
  readonly channels: number;
  /** Per channel, in the unit of the sensor: subtracted. */
  readonly mean: readonly number[];
  /** Per channel, > 0: divides. */
  readonly std: readonly number[];
}

/**
 * Reads the description of a run's input as one of time series.
 *
 * @param input `input` of run.json
 * @returns the same, checked
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it does not describe time series
 */
export function seriesInputOf(input: InputDescription): SeriesInput {
  const result = seriesInputSchema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `the encoder does not take time series: \`input.${issue?.path.join('.') ?? ''}\` of run.json: ${issue?.message ?? 'not as expected'}`,
  );
}
