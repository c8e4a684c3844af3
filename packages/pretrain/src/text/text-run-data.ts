import type { Tokenizer } from '@selfsup/data/text';
import type { RunData } from '../modality.ts';
import type { TextInput } from './text-input.ts';
import type { TextSamples } from './text-samples.ts';

/** The text of a run, opened. */
export interface TextRunData extends RunData {
  readonly train: TextSamples;
  readonly test?: TextSamples;
  readonly input: TextInput;
  /** The part of the sequences with fewer than two tokens, special ones not counted; of the first 10,000. */
  readonly shortShare: number;
  /** What made the token ids. */
  readonly tokenizer: Tokenizer;
}
