import { createRng, drawPermutation, shareOf } from '@selfsup/core';
import { basename, resolve } from 'node:path';
import { sidesOf } from '../image-size.ts';
import { listSplits, type PhotoList } from './list-photos.ts';
import type { ImageFolderOptions, SkippedImage } from './photo-images.ts';
import type { Listing, PhotoFile } from './photo-listing.ts';
import type { UnusedKind } from './unused-files.ts';

const HELD_OUT = 0.2;

/** The positions of the files of each class, in order. */
function byClass(files: readonly PhotoFile[]): number[][] {
  const groups = new Map<number | undefined, number[]>();
  files.forEach(({ label }, i) => {
    const group = groups.get(label);
    if (group) group.push(i);
    else groups.set(label, [i]);
  });
  return [...groups.values()];
}

/** The first `count` photos or videos, taken from the classes in turn, in the order of the list. */
function limited<F extends PhotoFile>(list: PhotoList<F>, count: number): PhotoList<F> {
  if (count >= list.files.length) return list;
  const groups = byClass(list.files);
  const chosen = new Set<number>();
  for (let round = 0; chosen.size < count; round++)
    for (const group of groups) if (round < group.length && chosen.size < count) chosen.add(group[round]!);
  return { ...list, files: list.files.filter((_, i) => chosen.has(i)) };
}

/** Holds out a fifth of each class, chosen by the seed; at least one of each class stays. */
function split<F extends PhotoFile>(list: PhotoList<F>, seed: number): { train: PhotoList<F>; test: PhotoList<F> } {
  const rng = createRng(seed).fold('hold out');
  const held = new Set<number>();
  for (const group of byClass(list.files)) {
    const count = Math.min(group.length - 1, shareOf(group.length, HELD_OUT, 'nearest'));
    const order = drawPermutation(rng.fold(list.files[group[0]!]!.label!), group.length);
    for (const position of order.subarray(0, count)) held.add(group[position]!);
  }
  const keep = (isHeld: boolean) => ({ ...list, files: list.files.filter((_, i) => held.has(i) === isHeld) });
  return { train: keep(false), test: keep(true) };
}

/** How {@link openSplits} finds and opens what a folder holds. */
export interface Splitting<F extends PhotoFile, D> {
  /** The function that the user called, for messages. */
  readonly who: string;
  /** Finds photos or videos. */
  readonly list: (folder: string) => Promise<Listing<F>>;
  /** Pictures of one of them. */
  readonly pictures: (file: F) => number;
  /** Makes a data set. */
  readonly open: (list: PhotoList<F>, name: string, options: ImageFolderOptions & { unused: readonly UnusedKind[] }) => Promise<D>;
}

/** What {@link openSplits} opened. */
export interface Splits<D> {
  readonly train: D;
  readonly test?: D;
  /** Where `test` comes from: a part of its own, or held out of the others. */
  readonly testFrom?: 'own part' | 'held out';
  readonly skipped: readonly SkippedImage[];
  readonly unused: readonly UnusedKind[];
}

/**
 * Opens a folder of photos or videos for training and, where they have classes, testing. Both share the cache.
 *
 * @param folder the folder
 * @param options as of `openImages`
 * @param splitting what they are
 * @returns `train`, `test` where there is one, and what was `skipped` so far
 * @throws SelfsupError `SELFSUP_DATA` and `SELFSUP_OPTION` as `imageFolder` does
 */
export async function openSplits<F extends PhotoFile, D extends { readonly skipped: readonly SkippedImage[] }>(
  folder: string,
  options: ImageFolderOptions & { limit?: number; seed?: number; testLimit: number },
  splitting: Splitting<F, D>,
): Promise<Splits<D>> {
  const { limit = Infinity, testLimit, seed = 0, imageSize = 64, channels = 3, cacheBytes = 2 ** 30, onProgress } = options;
  const [height, width] = sidesOf(imageSize, splitting.who);
  const found = listSplits(await splitting.list(folder), { who: splitting.who, classLevel: options.classLevel });
  const { unused } = found;
  // the folder's own test part, or a share of what has classes
  const isHeldOut = found.test === undefined && found.train.classNames !== undefined;
  const lists = isHeldOut ? split(found.train, seed) : found;
  const trainList = limited(lists.train, limit);
  const testList = lists.test && limited(lists.test, testLimit);
  const picturesOf = (list?: PhotoList<F>) => list?.files.reduce((sum, file) => sum + splitting.pictures(file), 0) ?? 0;
  const total = picturesOf(trainList) + picturesOf(testList);
  const name = basename(resolve(folder)).replace(/(?<=.)\.(tar|parquet)$/i, '');
  let before = 0;
  const progress = onProgress && {
    onProgress: ({ done }: { done: number }) => {
      onProgress({ done: before + done, total });
    },
  };
  const train = await splitting.open(trainList, name, { ...options, cacheBytes, unused, ...progress });
  if (!testList || testList.files.length === 0) return { train, skipped: train.skipped, unused };
  before = picturesOf(trainList);
  const rest = Math.max(0, cacheBytes - before * height * width * channels);
  const test = await splitting.open(testList, isHeldOut ? `${name} (held out)` : `${name} (test)`, {
    ...options,
    cacheBytes: rest,
    unused: [],
    ...progress,
  });
  return {
    train,
    test,
    testFrom: isHeldOut ? 'held out' : 'own part',
    unused,
    get skipped() {
      return [...train.skipped, ...test.skipped];
    },
  };
}
