import { createHash } from 'node:crypto';
import { createRng } from '@selfsup/core';
import { openCorpus, openTokenizer, trainTokenizer, type Corpus } from '@selfsup/data/node';
import { specialTokenId, type Tokenizer } from '@selfsup/data/text';
import type { Output, Stage } from '../output/output.ts';
import { textTasks } from './registry-text-tasks.ts';
import type { TextSettings } from './text-settings.ts';

/** The text of a run. */
export interface OpenedText extends Corpus {
  readonly tokenizer: Tokenizer;
}

/** The sha256 of a tokenizer's `tokenizer.json`: says whether a run that goes on has the same tokens. */
export const hashTokenizer = (tokenizer: Tokenizer): string =>
  createHash('sha256').update(JSON.stringify(tokenizer.toJson())).digest('hex');

async function tokenizerFor({ data, tokenizer: path, vocabularySize }: TextSettings, output: Output): Promise<Tokenizer> {
  if (path !== undefined) return openTokenizer(path);
  output.line(`No --tokenizer given: learning a WordPiece vocabulary of ${vocabularySize} from the text`);
  return trainTokenizer(data, { vocabularySize });
}

/**
 * Opens the text of a run: the tokenizer, or a new vocabulary, and the corpus, tokenised into the cache where it is not there yet.
 *
 * @param settings of the run
 * @param options `tokenizer`, the one of a run that goes on; where to show progress; `signal` stops between two pieces
 * @returns see {@link OpenedText}
 * @throws SelfsupError `SELFSUP_DATA` when there is no text, bytes are no UTF-8, or the vocabulary lacks what the task needs
 */
export async function openText(
  settings: TextSettings,
  options: { output: Output; tokenizer?: Tokenizer | undefined; signal?: AbortSignal },
): Promise<OpenedText> {
  const { output, signal } = options;
  const tokenizer = options.tokenizer ?? (await tokenizerFor(settings, output));
  if (textTasks.get(settings.task).masks) specialTokenId(tokenizer, 'mask'); // before minutes of tokenising
  const stages: Partial<Record<string, Stage>> = {};
  const corpus = await openCorpus(settings.data, {
    tokenizer,
    length: settings.length,
    documents: settings.documents,
    validationFraction: settings.testFraction,
    nextSentence: settings.nextSentence,
    rng: createRng(settings.seed).fold('corpus'),
    onProgress({ phase, bytes, totalBytes }) {
      if (phase === 'hashing') return; // a second for each GB
      stages[phase] ??= output.stage('Tokenising', { total: totalBytes, unit: 'bytes' });
      stages[phase].update(bytes);
    },
    ...(signal === undefined ? {} : { signal }),
  }).finally(() => {
    for (const stage of Object.values(stages)) stage?.end();
  });
  return { ...corpus, tokenizer };
}
