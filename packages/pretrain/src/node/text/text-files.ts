import { open, stat } from 'node:fs/promises';
import { countOf, createRng, isSelfsupError, printable, SelfsupError } from '@selfsup/core';
import {
  countDocuments,
  openCorpus,
  openLabeledText,
  openTextFiles,
  openTokenizer,
  trainTokenizer,
  type CountDocumentsOptions,
  type OpenLabeledTextOptions,
} from '@selfsup/data/node';
import { sentinelIds, specialTokenId, type Tokenizer } from '@selfsup/data/text';
import type { DatasetOpener, DatasetOptions } from '../../modality.ts';
import { silentProgress, type Stage } from '../../progress.ts';
import { assertGrown } from '../../text/grown-tokenizer.ts';
import { wordPieceOptions } from '../../text/learn-word-piece.ts';
import { learningVocabulary, openingOf, type OpenedSequences, type OpenedTexts, type TextOpening } from '../../text/opened-text.ts';
import { kindOfFiles } from '../kind-of-files.ts';
import { unusedAsSkipped } from '../unused-as-skipped.ts';
import { chooseDocuments } from './choose-documents.ts';
import { openLabeledFolder } from './labeled-folder.ts';
import { labeledSequences, openLabeledTable, type LabeledDocuments } from './labeled-table.ts';

/** The functions that read text, which nobody who named a folder has called. */
const READERS = /^(openCorpus|countDocuments|trainTokenizer|trainWordPiece|openTextFiles|decodeUtf8): /;

/** The same error, with the settings of a run where it names options of a function. */
function inSettings(error: unknown, data: string): unknown {
  if (!isSelfsupError(error)) return error;
  if (error.message.startsWith('trainWordPiece: `texts`')) return noText(data, error);
  const message = error.message.replaceAll('`validationFraction`', '`testFraction`').replace(READERS, '');
  return new SelfsupError(error.code, message, { cause: error });
}

const noText = (data: string, cause?: SelfsupError) =>
  new SelfsupError(
    'SELFSUP_DATA',
    `\`data\` must have at least one word to learn from, but there is no text in ${printable(data)}; give files with text in them`,
    { cause },
  );

/** Refuses texts without words, and a single one of which nothing can be held out, before minutes of tokenizing. */
async function assertDocuments(
  data: string,
  options: { documents: 'file' | 'line' | 'blank-line' | 'chapter'; testFraction: number } & Pick<
    CountDocumentsOptions,
    'textColumn' | 'header'
  >,
): Promise<void> {
  const { documents, testFraction, ...columns } = options;
  if ((await countDocuments(data, { documents: 'line', atMost: 1, ...columns })) === 0) throw noText(data);
  if (testFraction === 0 || (await countDocuments(data, { documents, atMost: 2, ...columns })) > 1) return;
  throw new SelfsupError(
    'SELFSUP_DATA',
    `\`data\` must have at least two documents, of which some are held out to measure on, but there is one document in ${printable(data)} ` +
      `(\`documents\`: ${documents}); give more texts, let \`documents\` cut finer (line, blank-line or chapter), or hold nothing out (\`testFraction\` 0)`,
  );
}

async function tokenizerOf(data: string | readonly string[], opening: TextOpening, progress = silentProgress): Promise<Tokenizer> {
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
  const labeled: LabeledDocuments | undefined =
    invalidUtf8 === 'error' && !nextSentence
      ? ((await openLabeledTable(data, { columns: columnsOf(opening), progress })) ?? (await openLabeledFolder(data, opening)))
      : undefined;
  const documents = labeled
    ? 'file'
    : (opening.documents ?? (await chooseDocuments(data, { testFraction, progress, ...textColumnOf(opening) })));
  const tokenizer = await tokenizerOf(labeled?.paths ?? data, opening, progress);
  if (!labeled) await assertDocuments(data, { documents, testFraction, ...textColumnOf(opening) });
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

/** A file of TREC's questions begins like this; other files of text have a text on each line. */
const TREC = /^[A-Z]{3,}:\w+ /;
const TEXT = /\.(txt|md|text)$/i;

async function isTrec(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
    return TREC.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

const SEPARATORS = {
  file: 'all of it is one',
  line: 'each line is one',
  'blank-line': 'blank lines separate them',
  chapter: 'each chapter is one',
};

/** The texts of a file, a folder or a pattern, and what of a file is one where that is not plain. */
async function openFiles(path: string, settings: DatasetOptions, isFile: boolean): Promise<OpenedTexts> {
  const opening = openingOf(settings);
  const { invalidUtf8, classNames } = opening;
  const documents = opening.documents ?? (isFile ? 'line' : 'file');
  const columns = textColumnOf(opening);
  const { texts, paths, labels, test, unused, ...found } = await openTextFiles(path, {
    ...{ documents, invalidUtf8, ...columns },
    ...(classNames && { classNames }),
  });
  if (isFile) {
    const others = Object.keys(SEPARATORS).filter((name) => name !== documents).join(', '); // prettier-ignore
    const { learnedFrom = documents } = opening;
    const run = learnedFrom === documents ? '' : `; the run learned from documents by ${learnedFrom}`;
    settings.progress?.line(
      `${printable(found.name)}: ${countOf(texts.length, 'texts')}, ${SEPARATORS[documents]} (\`documents\`: ${documents}; or ${others})${run}`,
    );
    return { name: found.name, texts };
  }
  const { name, classNames: classes } = found;
  return {
    ...{ name, texts, ids: paths },
    ...(labels && { labels }),
    ...(classes && { classNames: classes }),
    ...(test && { test: { texts: test.texts, ids: test.paths, ...(test.labels && { labels: test.labels }) } }),
    skipped: () => unusedAsSkipped(unused),
  };
}

async function openTexts(path: string, settings: DatasetOptions): Promise<OpenedTexts> {
  const opening = openingOf(settings);
  const { classNames } = opening;
  const info = await stat(path).catch(() => undefined);
  if (!info && !/[*?[\]{}()!+@]/.test(path))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `there is no file of texts at ${printable(path)}, and no folder; check the path, or give a pattern in quotes such as 'texts/**/*.txt'`,
    );
  const isFile = info?.isFile() ?? false;
  if (!isFile || (TEXT.test(path) && !(await isTrec(path)))) return openFiles(path, settings, isFile);
  return openLabeledText(path, { ...columnsOf(opening), ...(classNames && { classNames }) });
}

/**
 * Opens text files: to learn from a file, a folder or a pattern such as `corpus/**\/*.txt`, measured by the labels of a table that has some; to encode or classify the same, each file as a
 * text and with the class that its folder names, a table with texts and labels, TREC's questions, or a `.txt` with a text on each line. A path at which there is nothing is accepted too, to say so.
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
      throw inSettings(error, data as string);
    }
  },
};
