import { SelfsupError } from '@selfsup/core';
import { arrayTexts } from '@selfsup/data/text';
import type { OpenContext, OpenedSamples, SamplesRequest } from '../modality.ts';
import { holdOut } from './memory-texts.ts';
import { openSequences, type OpenedParts } from './open-sequences.ts';
import type { OpenedTexts, TextOpening, TextRows } from './opened-text.ts';
import { readRunTokenizer } from './run-tokenizer.ts';
import { textInputOf } from './text-input.ts';
import type { TextOptions } from './text-options.ts';
import { limitTexts, pickTexts, textSamples, type TextSamples } from './text-samples.ts';

const asOpened = ({ train, test, skipped }: Pick<OpenedParts, 'train' | 'test' | 'skipped'>): OpenedSamples => ({
  name: train.name,
  unit: 'texts',
  train,
  ...(test && { test }),
  skipped: () => skipped?.() ?? [],
});

/** The sequences that a run learned from. */
async function openOwn(request: SamplesRequest<TextOptions>, context: OpenContext): Promise<OpenedSamples> {
  const parts = await openSequences({ ...request, hidesTokens: false, sentinels: 0 }, context);
  return { ...asOpened(parts), unit: parts.texts ? 'texts' : 'sequences' };
}

/**
 * Opens texts for an encoder that there is, each as one sequence; what does not fit into it is cut off.
 *
 * @param request see {@link SamplesRequest}; the run's own data is opened as it was for training
 * @param context see {@link OpenContext}; with the `files` of the run, of which `tokenizer.json` is used
 * @returns the texts, split as they were found, or some held out where they have labels and no test part
 * @throws SelfsupError `SELFSUP_CHECKPOINT` without the tokenizer of the run, `SELFSUP_DATA` where there is no text, `SELFSUP_OPTION` with a file of labels
 */
export async function openTextSamples(request: SamplesRequest<TextOptions>, context: OpenContext): Promise<OpenedSamples> {
  const { data, testData, labels, seed, testFraction, limit, testLimit, options } = request;
  if (labels !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      '`labels` must be left out for texts, whose labels are in the same table or name their folders; it is for images',
    );
  if (request.own && testData === undefined) return openOwn(request, context);
  const input = textInputOf(request.input);
  const tokenizer = await readRunTokenizer(context.earlier?.files ?? {}, input);
  const open = (what: unknown, classNames?: readonly string[]) => {
    const { length } = input;
    const documents = request.given?.['documents'] === undefined ? undefined : options.documents; // those of a run are for texts to learn from
    const learnedFrom = options.documents;
    const opening: TextOpening = {
      ...options,
      length,
      as: 'texts',
      tokenizer,
      testFraction,
      hidesTokens: false,
      sentinels: 0,
      classNames,
      documents,
      learnedFrom,
    };
    return context.openDataset<OpenedTexts>(what, { seed, options: { ...opening }, progress: context.progress });
  };
  const opened = await open(data);
  const { name, classNames } = opened;
  const samples = (rows: TextRows): TextSamples => {
    if (rows.texts.length === 0) throw new SelfsupError('SELFSUP_DATA', `there is no text in ${name}; give at least one`);
    return textSamples(
      arrayTexts(rows.texts, {
        tokenizer,
        length: input.length,
        name,
        ...(rows.labels && { labels: rows.labels }),
        ...(classNames && { classNames }),
      }),
      { tokenizer, pooling: options.pooling, texts: rows.texts, ids: rows.ids },
    );
  };
  const test = testData === undefined ? opened.test : await open(testData, classNames);
  const all = samples(opened);
  const skipped = () => opened.skipped?.() ?? [];
  if (test) return asOpened({ train: limitTexts(all, limit), test: limitTexts(samples(test), testLimit), skipped });
  const [kept, held] = holdOut(all.length, { seed, testFraction });
  if (!all.labels || held.length === 0) return asOpened({ train: limitTexts(all, limit), skipped });
  return asOpened({ train: limitTexts(pickTexts(all, kept), limit), test: limitTexts(pickTexts(all, held), testLimit), skipped });
}
