import type { OpenContext } from '../modality.ts';
import type { OpenedSequences, TextOpening } from './opened-text.ts';
import { assertGrown } from './grown-tokenizer.ts';
import { readRunTokenizer } from './run-tokenizer.ts';
import type { TextOptions } from './text-options.ts';
import { limitTexts, textSamples, type TextSamples } from './text-samples.ts';

/** What {@link openSequences} is told. */
export interface OpenSequencesRequest {
  /** A path, a pattern, or an object in memory. */
  readonly data: unknown;
  readonly options: TextOptions;
  readonly seed: number;
  readonly testFraction: number;
  readonly limit?: number | undefined;
  readonly testLimit?: number | undefined;
  /** Whether the vocabulary must have a token such as [MASK]. */
  readonly hidesTokens: boolean;
  /** How many sentinels the vocabulary must have. */
  readonly sentinels: number;
}

/** What openers gave, as samples. */
export interface OpenedParts extends Omit<OpenedSequences, 'train' | 'test'> {
  readonly train: TextSamples;
  readonly test?: TextSamples;
  /** How many sequences there were before the limits. */
  readonly found: { readonly train: number; readonly test: number };
}

/**
 * Opens text to learn from, with the tokenizer of the run where it goes on. A run that starts from an encoder may bring the encoder's tokenizer with tokens added.
 *
 * @param request see {@link OpenSequencesRequest}
 * @param context see {@link OpenContext}
 * @returns the sequences, within the limits
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when a run goes on without its tokenizer, `SELFSUP_OPTION` on a tokenizer that is not the encoder's with tokens added
 */
export async function openSequences(request: OpenSequencesRequest, context: OpenContext): Promise<OpenedParts> {
  const { data, options, seed, testFraction, limit, testLimit, hidesTokens, sentinels } = request;
  const { earlier, progress } = context;
  const { pooling } = options;
  const before = earlier && (await readRunTokenizer(earlier.files, earlier.input));
  const grows = context.start === true && options.tokenizer !== undefined;
  const tokenizer = before && !grows ? before : options.tokenizer;
  const opening: TextOpening = {
    ...options,
    as: 'sequences',
    tokenizer,
    testFraction,
    hidesTokens,
    sentinels,
    ...(before && context.start && { before }),
  };
  const opened = await context.openDataset<OpenedSequences>(data, { seed, options: { ...opening }, progress });
  if (before && context.start) assertGrown(opened.tokenizer, before);
  const { train, test, texts, ...rest } = opened;
  const samples = (dataset: typeof train, own: readonly string[] | undefined) =>
    textSamples(dataset, { tokenizer: opened.tokenizer, pooling, texts: own });
  return {
    ...rest,
    ...(texts && { texts }),
    train: limitTexts(samples(train, texts?.train), limit),
    ...(test && { test: limitTexts(samples(test, texts?.test), testLimit), testFrom: opened.testFrom ?? 'held out' }),
    found: { train: train.length, test: test?.length ?? 0 },
  };
}
