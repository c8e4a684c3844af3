import { createHash } from 'node:crypto';
import { createRng, isSelfsupError, SelfsupError } from '@selfsup/core';
import { openCorpus, openTokenizer, trainTokenizer, type Corpus } from '@selfsup/data/node';
import { specialTokenId, type Tokenizer } from '@selfsup/data/text';
import { flagOf } from '../options/check-settings.ts';
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

/** Options of the libraries by the setting that stands for them here. */
const SETTING_OF = { validationFraction: 'testFraction', documents: 'documents', invalidUtf8: 'invalidUtf8' } as const;

/** The same error, with the flags of the command line where it names options of a function. */
function inFlags(error: unknown): unknown {
  if (!isSelfsupError(error)) return error;
  let { message } = error;
  for (const [option, setting] of Object.entries(SETTING_OF)) message = message.replaceAll(`\`${option}\``, flagOf(setting));
  return new SelfsupError(error.code, message, { cause: error });
}

async function tokenizerFor({ data, tokenizer: path, vocabularySize, invalidUtf8 }: TextSettings, output: Output): Promise<Tokenizer> {
  if (path !== undefined) return openTokenizer(path);
  output.line(`No --tokenizer given: learning a WordPiece vocabulary of ${vocabularySize} from the text`);
  return trainTokenizer(data, { vocabularySize, invalidUtf8 });
}

/** Options of {@link openText}. */
export interface OpenTextOptions {
  /** Shows progress. */
  output: Output;
  /** The one of a run that goes on. */
  tokenizer?: Tokenizer | undefined;
}

async function openSettings(settings: TextSettings, options: OpenTextOptions): Promise<OpenedText> {
  const { output } = options;
  const tokenizer = options.tokenizer ?? (await tokenizerFor(settings, output));
  if (textTasks.get(settings.task).masks) specialTokenId(tokenizer, 'mask'); // before minutes of tokenizing
  let stage: Stage | undefined;
  const corpus = await openCorpus(settings.data, {
    tokenizer,
    length: settings.length,
    documents: settings.documents,
    validationFraction: settings.testFraction,
    invalidUtf8: settings.invalidUtf8,
    nextSentence: settings.nextSentence,
    rng: createRng(settings.seed).fold('corpus'),
    onProgress({ phase, bytes, totalBytes }) {
      if (phase === 'hashing') return; // a second for each GB
      stage ??= output.stage('Tokenizing', { total: totalBytes, unit: 'bytes' });
      stage.update(bytes);
    },
  }).finally(() => stage?.end());
  return { ...corpus, tokenizer };
}

/**
 * Opens the text of a run: the tokenizer, or a new vocabulary, and the corpus, tokenized into the cache where it is not there yet.
 *
 * @param settings of the run
 * @param options see {@link OpenTextOptions}
 * @returns see {@link OpenedText}
 * @throws SelfsupError `SELFSUP_DATA` when there is no text, bytes are no UTF-8, or the vocabulary lacks what the task needs
 */
export async function openText(settings: TextSettings, options: OpenTextOptions): Promise<OpenedText> {
  try {
    return await openSettings(settings, options);
  } catch (error) {
    throw inFlags(error);
  }
}
