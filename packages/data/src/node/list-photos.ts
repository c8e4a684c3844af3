import { printable, SelfsupError } from '@selfsup/core';
import { join } from 'node:path';
import { findClasses, findLayout, type LaidOut } from './folder-layout.ts';
import { addUnusedFile, createUnusedFiles, type UnusedFiles, type UnusedKind } from './unused-files.ts';
import { walkFolder } from './walk-folder.ts';

/** A photo that was found. */
export interface PhotoFile {
  /** Where it is. */
  readonly path: string;
  /** Its class; undefined in a folder without class sub-folders. */
  readonly label: number | undefined;
}

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

/** What a folder holds, before it is known what is a part or a class. */
export interface Listing<F extends PhotoFile = PhotoFile> {
  readonly folder: string;
  /** Relative to the folder, with `/`, in order. */
  readonly paths: readonly string[];
  /** One of them with its class. */
  readonly fileOf: (path: string, label: number | undefined) => F;
  readonly unused: UnusedFiles;
}

/** What of a folder is there to train and to test on, and what is used for neither. */
export interface SplitLists<F extends PhotoFile = PhotoFile> {
  readonly train: PhotoList<F>;
  readonly test: PhotoList<F> | undefined;
  readonly unused: readonly UnusedKind[];
}

const PHOTO = /\.(jpe?g|jpe|jfif|pjp(eg)?|png|webp|gif|tiff?|avif)$/i;
const ADVICE = 'put JPEG, PNG, WebP, GIF, TIFF or AVIF files there, in one sub-folder per class if they have classes';

/**
 * Finds the pictures below a folder, at any depth, each once.
 *
 * @param folder where to look
 * @param options `who`; `advice`: what belongs there, for messages
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, it may not be read, or there is no picture in it
 */
export async function listPictures(folder: string, options: { who: string; advice?: string }): Promise<Listing> {
  const { who, advice = ADVICE } = options;
  const unused = createUnusedFiles();
  const paths: string[] = [];
  for (const path of await walkFolder(folder, { who, unused }))
    if (PHOTO.test(path)) paths.push(path);
    else addUnusedFile(unused, path);
  if (paths.length === 0) {
    const others = unused
      .list()
      .map(({ kind, reason, count, example }) => `${count} ${kind}, such as ${printable(example)}, each of which ${reason}`);
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: there are no images in ${printable(folder)}; ${others.length > 0 ? `there are ${others.join('; ')}` : advice}`,
    );
  }
  return { folder, paths, fileOf: (path, label) => ({ path: join(folder, path), label }), unused };
}

const LOOSE = 'has no class: it lies beside the class folders; move it into one of them';

function listPart<F extends PhotoFile>(
  { folder, fileOf, unused }: Listing<F>,
  items: readonly LaidOut[],
  options: ListOptions & { classNames?: readonly string[] | undefined },
): PhotoList<F> {
  const { labeled, classNames, loose, unknown } = findClasses(items, options);
  if (unknown[0]) {
    const names = classNames!.map((name) => printable(name, { maxLength: 60 })).join(', ');
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${options.who}: ${printable(join(folder, unknown[0].path))} must be in a folder named as one of the classes ${names}`,
    );
  }
  for (const { path } of loose) unused.add('images without a class', LOOSE, path);
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
export function listSplits<F extends PhotoFile>(listing: Listing<F>, options: ListOptions): SplitLists<F> {
  const { folder, paths, unused } = listing;
  checkClassLevel(options);
  const { parts, beside } = findLayout(paths, { who: options.who, folder });
  const train = listPart(listing, parts.train, options);
  for (const { path } of beside)
    unused.add('images beside the parts', 'lies beside the folders for training and testing; move it into one of them', path);
  let test: PhotoList<F> | undefined;
  for (const split of ['test', 'validation'] as const) {
    if (parts[split].length === 0) continue;
    const leaveOut = (reason: string) => {
      for (const { path } of parts[split]) unused.add(`${split} images`, reason, path);
    };
    if (test) {
      leaveOut('is kept out of the training, and not used because there are test images');
      continue;
    }
    const { classNames } = train;
    if (classNames && findClasses(parts[split], { ...options, classNames }).classNames === undefined)
      leaveOut('has no class, and cannot be compared with the training images, which have; put it into class folders');
    else test = listPart(listing, parts[split], { ...options, classNames });
  }
  return { train, test, unused: unused.list() };
}
