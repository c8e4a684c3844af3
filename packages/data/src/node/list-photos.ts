import { printable, SelfsupError } from '@selfsup/core';
import { join } from 'node:path';
import { findClasses, findLayout, type FoundClasses, type LaidOut } from './folder-layout.ts';
import { labelsOfTables } from './folder-labels.ts';
import type { Listing, PhotoFile, WrittenLabels } from './photo-listing.ts';
import { isShard, listShards } from './shards/list-shards.ts';
import { addUnusedFile, createUnusedFiles, type UnusedKind } from './unused-files.ts';
import { walkFolder } from './walk-folder.ts';

/** The photos below a folder, or its videos. */
export interface PhotoList<F extends PhotoFile = PhotoFile> {
  /** Sorted by path. */
  readonly files: readonly F[];
  /** The names of the class sub-folders, sorted; undefined when there are none. */
  readonly classNames: readonly string[] | undefined;
}

/** Options of {@link listPhotos}. */
export interface ListOptions {
  /** The caller, for messages. */
  readonly who: string;
  /** Which folder of a path names the class, from 0 at the data folder; default the first level with several. */
  readonly classLevel?: number | undefined;
}

/** What of a folder is there to train and to test on, and what is used for neither. */
export interface SplitLists<F extends PhotoFile = PhotoFile> {
  readonly train: PhotoList<F>;
  readonly test: PhotoList<F> | undefined;
  readonly unused: readonly UnusedKind[];
}

/** What pictures are named like. */
export const PHOTO = /\.(jpe?g|jpe|jfif|pjp(eg)?|png|webp|gif|tiff?|avif|bmp|dib)$/i;
const ADVICE =
  'put JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP files there, in one sub-folder per class if they have classes, or .tar or .parquet files with pictures in them';

/**
 * Finds the pictures below a folder, at any depth, each once.
 *
 * @param folder where to look
 * @param options `who`; `advice`: what belongs there, for messages; `whole`: whether tables of labels and, where there are no pictures as files, archives and Parquet
 * files count too
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, it may not be read, or there is no picture in it
 */
export async function listPictures(folder: string, options: { who: string; advice?: string; whole?: boolean }): Promise<Listing> {
  const { who, advice = ADVICE, whole = false } = options;
  const unused = createUnusedFiles();
  const paths: string[] = [];
  const others: string[] = [];
  for (const path of await walkFolder(folder, { who, unused })) (PHOTO.test(path) ? paths : others).push(path);
  const shards = whole && paths.length === 0 ? others.filter(isShard) : [];
  const { used, ...labels } = whole && paths.length > 0 ? await labelsOfTables(folder, { paths, others, unused }) : { used: [] };
  for (const path of others) if (!shards.includes(path) && !used.includes(path)) addUnusedFile(unused, path);
  if (shards.length > 0) return listShards(folder, shards, { who, unused });
  if (paths.length === 0) {
    const found = unused
      .list()
      .map(({ kind, reason, count, example }) => `${count} ${kind}, such as ${printable(example)}, which ${reason}`);
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: there are no images in ${printable(folder)}; ${found.length > 0 ? `found ${found.join('; ')}` : advice}`,
    );
  }
  return { folder, paths, fileOf: (path, label) => ({ path: join(folder, path), label }), unused, ...labels };
}

/** Where fewer of the pictures have a written class, it is not used: all pictures are worth more than some with classes. */
const MOST = 0.9;
const byNumber = (a: string, b: string) => Number(a) - Number(b);

/** Finds the classes that are written down, as {@link findClasses} finds those that folders name. */
function findWritten(
  { labels }: { labels: WrittenLabels },
  items: readonly LaidOut[],
  { classNames: known }: { classNames?: readonly string[] | undefined },
): FoundClasses & { readonly unknown: readonly LaidOut[] } {
  const nameOf = ({ path }: LaidOut) => {
    const label = labels.of.get(path);
    return label === undefined ? undefined : String(label);
  };
  const named = items.filter((item) => nameOf(item) !== undefined);
  if (named.length === 0 || named.length < MOST * items.length)
    return { labeled: items.map((item) => ({ item, label: undefined })), classNames: undefined, loose: [], unknown: [] };
  const found = [...new Set(named.map((item) => nameOf(item)!))].sort();
  const classNames = known ?? labels.classNames ?? (found.every((name) => /^\d+$/.test(name)) ? found.sort(byNumber) : found);
  const numbers = new Map(classNames.map((name, label) => [name, label]));
  return {
    labeled: named.map((item) => ({ item, label: numbers.get(nameOf(item)!) })),
    classNames,
    loose: items.filter((item) => nameOf(item) === undefined),
    unknown: named.filter((item) => !numbers.has(nameOf(item)!)),
  };
}

const find = (
  { labels }: Pick<Listing, 'labels'>,
  items: readonly LaidOut[],
  options: { classNames?: readonly string[] | undefined; classLevel?: number | undefined },
) => (labels && options.classLevel === undefined ? findWritten({ labels }, items, options) : findClasses(items, options));

const LOOSE = 'has no class: it lies beside the class folders; move it into one of them';

function listPart<F extends PhotoFile>(
  listing: Listing<F>,
  items: readonly LaidOut[],
  options: ListOptions & { classNames?: readonly string[] | undefined },
): PhotoList<F> {
  const { folder, fileOf, unused, labels, unit = 'images' } = listing;
  const { labeled, classNames, loose, unknown } = find(listing, items, options);
  if (unknown[0]) {
    const names = classNames!.map((name) => printable(name, { maxLength: 60 })).join(', ');
    const what = labels
      ? `has the class ${printable(String(labels.of.get(unknown[0].path)), { maxLength: 60 })}, which must be one of those of the training ${unit}: ${names}`
      : `must be in a folder named as one of the classes ${names}`;
    throw new SelfsupError('SELFSUP_DATA', `${options.who}: ${printable(join(folder, unknown[0].path))} ${what}`);
  }
  if (labels && !classNames && items.some(({ path }) => labels.of.has(path)))
    for (const { path } of items)
      if (labels.of.has(path))
        unused.add(
          'labels',
          `is not used: fewer than ${100 * MOST} % of the ${unit} have one in ${labels.from}; all ${unit} are used without`,
          path,
        );
  const reason = labels ? `has no class in ${labels.from}; write one down for it` : LOOSE;
  for (const { path } of loose) unused.add(`${unit} without a class`, reason, path);
  return { files: labeled.map(({ item, label }) => fileOf(item.path, label)), classNames };
}

function checkClassLevel({ who, classLevel }: ListOptions): void {
  if (classLevel !== undefined && (!Number.isSafeInteger(classLevel) || classLevel < 0))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`classLevel\` must be an integer >= 0, got ${classLevel}`);
}

/**
 * Finds the classes of what a folder holds, which must not be parts of a data set.
 *
 * @throws SelfsupError `SELFSUP_DATA` when the folder has parts for training and testing
 */
export function listWhole<F extends PhotoFile>(
  listing: Listing<F>,
  options: ListOptions,
): PhotoList<F> & { unused: readonly UnusedKind[] } {
  const { folder, paths, unused } = listing;
  const { who, classLevel } = options;
  checkClassLevel(options);
  const layout = findLayout(paths, { who, folder, whole: classLevel !== undefined });
  if (layout.isSplit)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: ${printable(folder)} has sub-folders for training and for testing, which are not classes; give one of them, or use \`openImages\` or \`openVideos\`, which know both`,
    );
  return { ...listPart(listing, layout.parts.train, options), unused: unused.list() };
}

/**
 * Finds the parts of a data set in what a folder holds, and their classes.
 *
 * @returns the training part and the test part, which is the validation part where there is no other. Without parts, `train` is everything. A test part without
 * classes is left out where the training part has them: there is nothing to compare with
 */
export function listSplits<F extends PhotoFile>(
  listing: Listing<F>,
  options: ListOptions & { classNames?: readonly string[] | undefined },
): SplitLists<F> {
  const { folder, paths, unused, unit = 'images' } = listing;
  checkClassLevel(options);
  const { parts, beside } = findLayout(paths, { who: options.who, folder });
  const train = listPart(listing, parts.train, options);
  for (const { path } of beside)
    unused.add(`${unit} beside the parts`, 'lies beside the folders for training and testing; move it into one of them', path);
  let test: PhotoList<F> | undefined;
  for (const split of ['test', 'validation'] as const) {
    if (parts[split].length === 0) continue;
    const leaveOut = (reason: string) => {
      for (const { path } of parts[split]) unused.add(`${split} ${unit}`, reason, path);
    };
    if (test) {
      leaveOut(`is kept out of the training, and not used because there are test ${unit}`);
      continue;
    }
    const { classNames } = train;
    if (classNames && find(listing, parts[split], { ...options, classNames }).classNames === undefined)
      leaveOut(`has no class, and cannot be compared with the training ${unit}, which have; put it into class folders`);
    else test = listPart(listing, parts[split], { ...options, classNames });
  }
  return { train, test, unused: unused.list() };
}
