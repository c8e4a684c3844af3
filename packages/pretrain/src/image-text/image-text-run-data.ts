import type { TokenDataset, Tokenizer } from '@selfsup/data/text';
import type { ImageInput } from '../image/image-input.ts';
import type { FurtherEncoder, RunData } from '../modality.ts';
import type { TextInput } from '../text/text-input.ts';
import type { PairSamples } from './pair-samples.ts';

/** The name that tasks give to the encoder of the texts. */
export const TEXT = 'text';

/** The pairs of a run, opened. */
export interface ImageTextRunData extends RunData {
  readonly train: PairSamples;
  readonly test?: PairSamples;
  readonly input: ImageInput;
  /** What made tokens of the texts. */
  readonly tokenizer: Tokenizer;
  /** The texts of the training pairs as sequences. */
  readonly texts: TokenDataset;
  readonly encoders: Readonly<Record<typeof TEXT, FurtherEncoder & { readonly input: TextInput }>>;
}
