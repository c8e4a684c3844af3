import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createRng, isSelfsupError, SelfsupError } from '@selfsup/core';
import { openCorpus, openLabeledText, openTokenizer, trainTokenizer, type OpenLabeledTextOptions } from '@selfsup/data/node';
import { sentinelIds, specialTokenId, type Tokenizer } from '@selfsup/data/text';
import type { DatasetOpener, DatasetOptions } from '../../modality.ts';
import { silentProgress, type Stage } from '../../progress.ts';
import { assertGrown } from '../../text/grown-tokenizer.ts';
import { wordPieceOptions } from '../../text/learn-word-piece.ts';
import { learningVocabulary, openingOf, type OpenedSequences, type OpenedTexts, type TextOpening } from '../../text/opened-text.ts';
import { kindOfFiles } from '../kind-of-files.ts';
import { unusedAsSkipped } from '../unused-as-skipped.ts';
import { chooseDocuments } from './choose-documents.ts';
import { labeledSequences, openLabeledTable } from './labeled-table.ts';

/** The same error, with the settings of a run where it names options of a function. */
function inSettings(error: unknown): unknown {
  if (!isSelfsupError(error)) return error;
  return new SelfsupError(error.code, error.message.replaceAll('`validationFraction`', '`testFraction`'), { cause: error });
}

async function tokenizerOf(data: string, opening: TextOpening, progress = silentProgress): Promise<Tokenizer> {
  const { tokenizer, invalidUtf8 } = opening;
  if (typeof tokenizer === 'object') return tokenizer;
  if (tokenizer !== undefined) return openTokenizer(tokenizer);
  progress.line(learningVocabulary(opening));
  return trainTokenizer(data, { ...wordPieceOptions(opening), invalidUtf8, ...textColumnOf(opening) });
}

/** A column as the data package takes it: a name, or a number from 0. */
const columnOf = (name: string): string | number => (/^\d+$/.test(name) ? Number(name) : name);

/** The columns of tables that were asked for. */
function columnsOf({ textColumn, labelColumn, header }: TextOpening): OpenLabeledTextOptions {
  const columns = textColumn?.split(',').map((name) => columnOf(name.trim()));
  return {
    ...(columns && { textColumn: columns.length === 1 ? columns[0]! : columns }),
    ...(labelColumn !== undefined && { labelColumn: columnOf(labelColumn) }),
    ...(header !== undefined && { header }),
  };
}

/** Where the texts of tables are, as far as it was asked for. */
function textColumnOf(opening: TextOpening) {
  const { textColumn, header } = columnsOf(opening);
  return { ...(textColumn !== undefined && { textColumn }), ...(header !== undefined && { header }) };
}

async function openSequences(data: string, settings: DatasetOptions): Promise<OpenedSequences> {
  const opening = openingOf(settings);
  const { length, testFraction, invalidUtf8, nextSentence, hidesTokens, sentinels } = opening;
  const { progress = silentProgress } = settings;
  const labeled =
    invalidUtf8 === 'error' && !nextSentence ? await openLabeledTable(data, { columns: columnsOf(opening), progress }) : undefined;
  const documents = labeled
    ? 'file'
    : (opening.documents ?? (await chooseDocuments(data, { testFraction, progress, ...textColumnOf(opening) })));
  const tokenizer = await tokenizerOf(data, opening, progress);
  if (opening.before) assertGrown(tokenizer, opening.before); // before minutes of tokenizing
  if (hidesTokens) specialTokenId(tokenizer, 'mask'); // before minutes of tokenizing
  sentinelIds(tokenizer, { needed: sentinels, most: sentinels });
  if (labeled) return labeledSequences(labeled, { tokenizer, length, seed: settings.seed, testFraction });
  let stage: Stage | undefined;
  const corpus = await openCorpus(data, {
    tokenizer,
    length,
    documents,
    validationFraction: testFraction,
    invalidUtf8,
    nextSentence,
    ...textColumnOf(opening),
    rng: createRng(settings.seed).fold('corpus'),
    onProgress({ phase, bytes, totalBytes }) {
      if (phase === 'hashing') return; // a second for each GB
      stage ??= progress.stage('Tokenizing', { total: totalBytes, unit: 'bytes' });
      stage.update(bytes);
    },
  }).finally(() => stage?.end());
  const { train, validation, statistics } = corpus;
  const { invalidBytes, firstInvalid, files, bytes, tokens, unknownTokens } = statistics;
  if (firstInvalid)
    progress.warn(
      `replaced ${invalidBytes} places that are not valid UTF-8, the first at byte ${firstInvalid.byte} of ${firstInvalid.path}`,
    );
  return {
    train,
    ...(validation && { test: validation, testFrom: 'held out' }),
    tokenizer,
    skipped: () => unusedAsSkipped(corpus.unused),
    fingerprint: { documentRule: documents },
    facts: { files, bytes, documents: statistics.documents, tokens, unknownTokens },
  };
}

/** A file of TREC's questions begins like this; other `.txt` files have a text on each line. */
const TREC = /^[A-Z]{3,}:\w+ /;

async function openLines(path: string): Promise<OpenedTexts | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new SelfsupError('SELFSUP_DATA', `there is no file of texts at ${path}; check the path`, { cause: error });
  });
  if (TREC.test(bytes.toString('latin1', 0, 100))) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SelfsupError('SELFSUP_DATA', `${path} is not valid UTF-8; convert it`, { cause: error });
  }
  const texts = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (texts.length === 0) throw new SelfsupError('SELFSUP_DATA', `${path} must have at least one line of text, got none`);
  return { name: basename(path), texts };
}

async function openTexts(path: string, settings: DatasetOptions): Promise<OpenedTexts> {
  const opening = openingOf(settings);
  const { classNames } = opening;
  const lines = /\.txt$/i.test(path) ? await openLines(path) : undefined;
  return lines ?? openLabeledText(path, { ...columnsOf(opening), ...(classNames && { classNames }) });
}

/**
 * Opens text files: to learn from a file, a folder or a pattern such as `corpus/**\/*.txt`, measured by the labels of a table that has some; to encode or classify a `.tsv`, `.csv` or `.jsonl` with texts and
 * labels, TREC's questions, or a `.txt` with a text on each line. A path at which there is nothing is accepted too, to say so.
 */
export const textFiles: DatasetOpener<OpenedSequences | OpenedTexts> = {
  name: 'text files',
  modality: 'text',
  accepts: (data) => typeof data === 'string' && data !== '',
  recognizes: async (data) => typeof data === 'string' && (await kindOfFiles(data)) === 'text',
  async open(data, settings) {
    try {
      return openingOf(settings).as === 'texts' ? await openTexts(data as string, settings) : await openSequences(data as string, settings);
    } catch (error) {
      throw inSettings(error);
    }
  },
};
