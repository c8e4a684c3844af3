import { SelfsupError, printable } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { splitDocuments, startOfFile, type DocumentRule } from '../../text/split-documents.ts';
import { inParallel } from '../in-parallel.ts';
import { listSplits, type PhotoList } from '../list-photos.ts';
import type { PhotoFile } from '../photo-listing.ts';
import { createUnusedFiles, type UnusedKind } from '../unused-files.ts';
import type { InvalidBytes } from './decode-utf8.ts';
import { findTextFiles, splitPattern } from './find-text-files.ts';
import type { Column } from './pick-columns.ts';
import { readDocuments } from './read-documents.ts';
import { readPieces } from './read-pieces.ts';
import { tableFormatOf } from './read-table.ts';

/** Options of {@link openTextFiles}. */
export interface OpenTextFilesOptions {
  /** What separates the texts of a file that is not a table; default `file`: each file is one. */
  documents?: DocumentRule;
  /** The classes and their order, those of the training files say; default the names of the sub-folders, sorted. */
  classNames?: readonly string[];
  /** What becomes of bytes that are not UTF-8: `error` (default), or `replace`. */
  invalidUtf8?: 'error' | 'replace';
  /** Where the text of tables is; default as `openCorpus`. */
  textColumn?: Column | readonly Column[];
  /** Whether the first line of tables (`.csv`, `.tsv`) has the names of the columns; default where it looks so. */
  header?: boolean;
  /** More bytes in all are refused before they are read; default 1 GiB, an integer ≥ 1. */
  maxBytes?: number;
}

/** A part of {@link OpenedTextFiles}. */
export interface TextFilesPart {
  /** The texts, sorted by file, without spaces around them. */
  readonly texts: readonly string[];
  /** `[n]`: the file of each. */
  readonly paths: readonly string[];
  /** `[n]`: the class of each, where sub-folders name classes. */
  readonly labels?: Int32Array;
}

/** What {@link openTextFiles} opened. */
export interface OpenedTextFiles extends TextFilesPart {
  /** The name of the file or of the folder that holds all of them. */
  readonly name: string;
  /** How many files were read. */
  readonly files: number;
  /** The names of the classes, by label. */
  readonly classNames?: readonly string[];
  /** The texts to judge by, where the folder has a part for them. */
  readonly test?: TextFilesPart;
  /** The files that are not used, by kind: of other formats, without text, without a class. */
  readonly unused: readonly UnusedKind[];
}

const WHO = 'openTextFiles';

/** The folder that was named, by itself or before a pattern; else the deepest one that holds all the files. */
async function folderOf(patterns: string | readonly string[], files: readonly string[]): Promise<string> {
  const [pattern, ...others] = typeof patterns === 'string' ? [patterns] : patterns;
  if (pattern !== undefined && others.length === 0) {
    const info = await stat(pattern).catch(() => undefined);
    if (info?.isDirectory()) return resolve(pattern);
    if (!info) return splitPattern(pattern.replaceAll('\\', '/')).base;
  }
  let common = dirname(files[0]!).split(sep);
  for (const file of files) {
    const parts = dirname(file).split(sep);
    const differs = common.findIndex((part, i) => part !== parts[i]);
    if (differs >= 0) common = common.slice(0, differs);
  }
  return common.join(sep) || sep;
}

/** Fewer texts than two of a class on average: what folders name is not classes. */
const areClasses = ({ files, classNames }: PhotoList) => classNames === undefined || 2 * classNames.length <= files.length;

/**
 * Reads text files, each as one text; their sub-folders name the classes, if every text is in one.
 *
 * @param patterns files, folders (the `.txt` files below, or where there are none the `.parquet` files) or patterns such as `texts/**\/*.txt`, as `openCorpus`
 *   takes them. Of a table each row is a text, without a label: `openLabeledText` reads labels
 * @param options see {@link OpenTextFilesOptions}
 * @returns the texts, the file and, where folders name them, the class of each; `test` where there are folders for training and testing (`train`; `test`, or
 *   `validation`, `valid`, `val`, `dev`; also below each class)
 * @throws SelfsupError `SELFSUP_DATA` when no file matches, there is no text in any, one may not be read, is not UTF-8 or of none of `classNames`, or there are too
 *   many bytes; `SELFSUP_OPTION` on an option out of range
 * @remarks Folders are classes as those of photos are, see `imageFolder`: those of the first level that has several. A text that lies loose beside class folders is
 * left out, unless most do: then there are no classes. Nor are there where folders hold fewer than two texts on average. Files without text are left out.
 * @example
 * ```ts
 * import { openTextFiles } from '@selfsup/data/node';
 * const { texts, paths, labels, classNames } = await openTextFiles('mail'); // mail/spam/1.txt, mail/ham/2.txt …
 * ```
 */
export async function openTextFiles(patterns: string | readonly string[], options: OpenTextFilesOptions = {}): Promise<OpenedTextFiles> {
  const { documents = 'file', classNames: known, invalidUtf8 = 'error', textColumn, header, maxBytes = 2 ** 30 } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw new SelfsupError('SELFSUP_OPTION', `${WHO}: \`maxBytes\` must be an integer >= 1, got ${maxBytes}`);
  const { files, unused: others } = await findTextFiles(WHO, patterns);
  const folder = await folderOf(patterns, files);
  let bytes = 0;
  for (const file of files) bytes += (await stat(file).catch(() => undefined))?.size ?? 0; // what is wrong with it is told when it is read
  if (bytes > maxBytes)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${WHO}: the files of ${printable(folder)} must have at most ${maxBytes} bytes, got ${bytes}; raise \`maxBytes\` if there is room in memory`,
    );

  const read = async (path: string): Promise<string[]> => {
    const replaced: InvalidBytes | undefined = invalidUtf8 === 'replace' ? { count: 0 } : undefined;
    const texts: string[] = [];
    if (tableFormatOf(path) !== undefined) {
      const asking = { who: WHO, documents, textColumn, header, replaced };
      for await (const { parts } of readDocuments(path, startOfFile(), asking)) for (const { text } of parts) texts.push(text.trim());
      return texts;
    }
    let whole = '';
    for await (const { text } of readPieces(path, { who: WHO, replaced })) whole += text;
    for (const { text } of splitDocuments(whole, documents, startOfFile())) if (text.trim() !== '') texts.push(text.trim());
    return texts;
  };
  const textsOf = new Map<string, readonly string[]>();
  await inParallel(files.length, async (i) => {
    textsOf.set(files[i]!, await read(files[i]!));
  });

  const unused = createUnusedFiles();
  const named = (typeof patterns === 'string' ? [patterns] : patterns).every((pattern) => isAbsolute(pattern));
  const shown = (file: string) => (named ? file : relative('.', file) || file);
  const filled = files.filter((file) => {
    if (textsOf.get(file)!.length > 0) return true;
    unused.add('empty files', 'has no text; fill or delete it', relative(folder, file));
    return false;
  });
  if (filled.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${WHO}: there is no text in ${files.length === 1 ? printable(shown(files[0]!)) : `any of the ${files.length} files of ${printable(shown(folder))}`}; give files with words in them`,
    );
  const listing = {
    folder: shown(folder),
    paths: filled.map((file) => relative(folder, file).split(sep).join('/')),
    fileOf: (path: string, label: number | undefined): PhotoFile => ({ path: join(folder, path), label }),
    unit: 'texts' as const,
    unused,
  };
  let lists = listSplits(listing, { who: WHO, classNames: known });
  if (!known && !areClasses(lists.train))
    lists = { train: { files: filled.map((path) => ({ path, label: undefined })), classNames: undefined }, test: undefined, unused: [] };
  const { classNames } = lists.train;
  const partOf = (list: PhotoList): TextFilesPart => {
    const rows = list.files.flatMap(({ path, label }) => textsOf.get(path)!.map((text) => ({ text, path: shown(path), label })));
    return {
      texts: rows.map(({ text }) => text),
      paths: rows.map(({ path }) => path),
      ...(classNames && { labels: Int32Array.from(rows, ({ label }) => label!) }),
    };
  };
  return {
    name: files.length === 1 ? basename(files[0]!) : basename(resolve(folder)),
    files: filled.length,
    ...partOf(lists.train),
    ...(classNames && { classNames }),
    ...(lists.test && { test: partOf(lists.test) }),
    unused: [...others, ...lists.unused],
  };
}
