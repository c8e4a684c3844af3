import { createRng, drawPermutation, printable, SelfsupError, shareOf } from '@selfsup/core';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { CaptionedImages } from '../../captioned-images.ts';
import { checkLimits } from '../open-images.ts';
import { photoImages, type ImageFolderOptions, type SkippedImage } from '../photo-images.ts';
import type { PairRow } from './pair-row.ts';
import { readPairShards } from './pair-shards.ts';
import { findPairColumns, isPairTable, readPairTable, type PairColumns } from './pair-table.ts';

/** Options of {@link openImageTexts}. */
export interface OpenImageTextsOptions extends Omit<ImageFolderOptions, 'classLevel'>, PairColumns {
  /** At most so many pairs to train on, ≥ 1, spread evenly; default all. */
  limit?: number | undefined;
  /** At most so many pairs to test on, ≥ 0; default all. */
  testLimit?: number | undefined;
  /** The share of the images to hold out, in [0, 1), where the data has no part to test on; default 0.2. */
  testFraction?: number | undefined;
  /** Chooses what is held out; default 0. */
  seed?: number | undefined;
}

/** Images with texts from files. */
export type FileCaptionedImages = CaptionedImages & {
  /** `[length]`: where each image comes from. */
  readonly paths: readonly string[];
};

/** What {@link openImageTexts} opened. */
export interface OpenedImageTexts {
  /** The pairs to train on. */
  readonly train: FileCaptionedImages;
  /** The pairs to test on. */
  readonly test?: FileCaptionedImages;
  /** Whether `test` is a part that the data has, or was held out; absent without `test`. */
  readonly testFrom?: 'own part' | 'held out';
  /** The images that could not be decoded so far. */
  readonly skipped: readonly SkippedImage[];
  /** Rows without a text, which are left out. */
  readonly empty: number;
  /** Pairs without a class, where others have one: the images of a part with such a pair have no labels. */
  readonly unlabeled: number;
}

const who = 'openImageTexts';
/** Tables that a folder of images may have, as Hugging Face calls them. */
const METADATA = ['metadata.csv', 'metadata.jsonl', 'metadata.tsv', 'captions.csv', 'captions.jsonl', 'captions.tsv', 'pairs.csv', 'pairs.jsonl', 'pairs.tsv']; // prettier-ignore

/** The table or the archives at a path; undefined where there is neither. */
async function sourceOf(path: string): Promise<{ table: string } | { folder: string; shards: string[] } | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return undefined;
  if (info.isDirectory()) {
    const names = (await readdir(path)).sort();
    const table = METADATA.find((name) => names.includes(name));
    if (table !== undefined) return { table: join(path, table) };
    const shards = names.filter((name) => /\.tar$/i.test(name));
    return shards.length > 0 ? { folder: path, shards } : undefined;
  }
  if (isPairTable(path)) return { table: path };
  return /\.tar$/i.test(path) ? { folder: dirname(path), shards: [basename(path)] } : undefined;
}

/** ⌊i · length / limit⌋ for i = 0 … limit − 1. */
const spread = <T>(rows: readonly T[], limit = Infinity): readonly T[] =>
  limit >= rows.length ? rows : Array.from({ length: limit }, (_, i) => rows[Math.floor((i * rows.length) / limit)]!);

/** Holds images out with all their texts, chosen by the seed. */
function holdOut(rows: readonly PairRow[], { seed, testFraction }: { seed: number; testFraction: number }): [PairRow[], PairRow[]] {
  const images = [...new Set(rows.map(({ file }) => file.path))];
  const count = Math.min(shareOf(images.length, testFraction, 'nearest'), images.length - 1);
  const order = drawPermutation(createRng(seed).fold('hold out'), images.length);
  const held = new Set(Array.from(order.slice(0, Math.max(0, count)), (i) => images[i]!));
  return [rows.filter(({ file }) => !held.has(file.path)), rows.filter(({ file }) => held.has(file.path))];
}

function splitRows(rows: readonly PairRow[], options: { seed: number; testFraction: number }) {
  const own = rows.filter(({ part }) => part === 'test');
  if (own.length > 0 && own.length < rows.length)
    return { train: rows.filter(({ part }) => part !== 'test'), test: own, testFrom: 'own part' as const };
  const [train, test] = holdOut(rows, options);
  return { train, test, testFrom: 'held out' as const };
}

/**
 * Opens images with texts: a table with a row for each pair, whose paths of images are relative to it; or tar archives as WebDataset writes them, `key.jpg` beside
 * `key.txt`; or a folder with archives or with a table such as `metadata.csv`.
 *
 * @param path a `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.tar`, or a folder
 * @param options see {@link OpenImageTextsOptions}; an image with several texts is held out with all of them
 * @returns see {@link OpenedImageTexts}; images have labels where each row of a part has a class
 * @throws SelfsupError `SELFSUP_DATA` when there is nothing of the kind, a table is not understood, or no image can be decoded; `SELFSUP_OPTION` on an option out
 * of range
 * @example
 * ```ts
 * import { openImageTexts } from '@selfsup/data/node';
 * const { train } = await openImageTexts('pairs.csv', { imageSize: 64 });
 * console.log(train.length, train.captions[0]);
 * ```
 */
export async function openImageTexts(path: string, options: OpenImageTextsOptions = {}): Promise<OpenedImageTexts> {
  const { limit, testLimit, testFraction = 0.2, seed = 0, imageColumn, textColumn, labelColumn, header, ...decoding } = options;
  checkLimits(who, options);
  if (!(testFraction >= 0 && testFraction < 1))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`testFraction\` must be in [0, 1), got ${testFraction}`);
  const source = await sourceOf(path);
  if (!source)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: there are no images with texts at ${printable(path)}; give a .csv, .tsv or .jsonl with an image and a caption in each row, or .tar archives with key.jpg beside key.txt`,
    );
  const { rows, empty } =
    'table' in source
      ? await readPairTable(source.table, { imageColumn, textColumn, labelColumn, header })
      : await readPairShards(source.folder, source.shards);
  if (rows.length === 0)
    throw new SelfsupError('SELFSUP_DATA', `${who}: ${printable(path)} must have at least one image with a text, got none`);
  const parts = splitRows(rows, { seed, testFraction });
  const classNames = [...new Set(rows.map(({ label }) => label))].filter((label) => label !== '').sort();
  const name = basename(resolve(path)).replace(/\.(csv|tsv|jsonl|ndjson|tar)$/i, '');
  const open = async (chosen: readonly PairRow[]): Promise<{ images: FileCaptionedImages; skipped: readonly SkippedImage[] }> => {
    const labeled = classNames.length >= 2 && chosen.every(({ label }) => label !== '');
    const files = chosen.map(({ file, label }) => ({ ...file, label: labeled ? classNames.indexOf(label) : undefined }));
    const images = await photoImages({ files, classNames: labeled ? classNames : undefined }, name, decoding);
    let at = 0; // rows whose image could not be decoded are not among the images
    const captions = images.paths.map((wanted) => {
      while (chosen[at]!.file.path !== wanted) at++;
      return chosen[at++]!.caption;
    });
    return { images: { ...images, captions }, skipped: images.skipped };
  };
  const train = await open(spread(parts.train, limit));
  const judged = spread(parts.test, testLimit);
  const test = judged.length > 0 ? await open(judged) : undefined;
  return {
    train: train.images,
    ...(test && { test: test.images, testFrom: parts.testFrom }),
    get skipped() {
      return [...train.skipped, ...(test?.skipped ?? [])];
    },
    empty,
    unlabeled: classNames.length > 0 ? rows.filter(({ label }) => label === '').length : 0,
  };
}

/** Rows that are looked at before it is said what a file holds. */
const LOOKED_AT = 64;

/** Whether texts are captions rather than classes: most of them are said once, or they are long. */
function areCaptions(texts: readonly string[]): boolean {
  const words = texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0) / Math.max(1, texts.length);
  return texts.length > 0 && (words >= 2.5 || (texts.length >= 4 && 2 * new Set(texts).size > texts.length));
}

async function firstLines(path: string): Promise<string> {
  const { open } = await import('node:fs/promises');
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2 ** 16), 0, 2 ** 16, 0);
    return buffer
      .subarray(0, bytesRead)
      .toString()
      .replace(/^\ufeff/, '');
  } finally {
    await file.close();
  }
}

/**
 * Says whether a path looks like images with texts: a table with columns for both whose first image is there, archives whose texts are captions, or a folder with
 * such. Nothing is decoded.
 *
 * @param path any path
 * @returns false for what is not there, and for what is not understood
 */
export async function looksLikeImageTexts(path: string): Promise<boolean> {
  try {
    const source = await sourceOf(path);
    if (!source) return false;
    if (!('table' in source)) {
      const { rows } = await readPairShards(source.folder, source.shards.slice(0, 1), { mostOf: LOOKED_AT });
      return areCaptions(rows.map(({ caption }) => caption));
    }
    const { table } = source;
    if (!/\.(jsonl|ndjson)$/i.test(table)) {
      const [line = ''] = (await firstLines(table)).split(/\r?\n/, 1);
      const { header } = findPairColumns(line.split(/\.tsv$/i.test(table) ? '\t' : ',').map((cell) => cell.replace(/^"|"$/g, '')), {}, table); // prettier-ignore
      if (!header) return false; // names say what a table is of
    }
    const { rows } = await readPairTable(table, { mostOf: 1 });
    const [first] = rows;
    return first !== undefined && (await stat(first.file.path).then((info) => info.isFile(), () => false)); // prettier-ignore
  } catch {
    return false; // whatever ails it is told where data is opened
  }
}
