import { createRng, drawPermutation } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { listPhotos, type PhotoFile, type PhotoList } from './list-photos.ts';
import type { OpenedImages, OpenImagesOptions } from './open-images.ts';
import { photoImages } from './photo-images.ts';

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

/** The first `count` files, taken from the classes in turn, in the order of the list. */
function limited(list: PhotoList, count: number): PhotoList {
  if (count >= list.files.length) return list;
  const groups = byClass(list.files);
  const chosen = new Set<number>();
  for (let round = 0; chosen.size < count; round++)
    for (const group of groups) if (round < group.length && chosen.size < count) chosen.add(group[round]!);
  return { ...list, files: list.files.filter((_, i) => chosen.has(i)) };
}

/** Holds out a fifth of each class, chosen by the seed; at least one photo of each class stays. */
function split(list: PhotoList, seed: number): { train: PhotoList; test: PhotoList } {
  const rng = createRng(seed).fold('hold out');
  const held = new Set<number>();
  for (const group of byClass(list.files)) {
    const count = Math.min(group.length - 1, Math.round(group.length * HELD_OUT));
    const order = drawPermutation(rng.fold(list.files[group[0]!]!.label!), group.length);
    for (const position of order.subarray(0, count)) held.add(group[position]!);
  }
  const keep = (isHeld: boolean) => ({ ...list, files: list.files.filter((_, i) => held.has(i) === isHeld) });
  return { train: keep(false), test: keep(true) };
}

const isFolder = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Lists the photos to train and test on: the sub-folders `train` and `test` or `val` when both are there, else a split of labelled ones. */
async function listSplits(folder: string, seed: number): Promise<{ train: PhotoList; test: PhotoList | undefined }> {
  if (await isFolder(join(folder, 'train')))
    for (const name of ['test', 'val']) {
      if (!(await isFolder(join(folder, name)))) continue;
      const train = await listPhotos(join(folder, 'train'));
      return { train, test: await listPhotos(join(folder, name), { classNames: train.classNames }) };
    }
  const list = await listPhotos(folder);
  return list.classNames ? split(list, seed) : { train: list, test: undefined };
}

/**
 * Opens a folder of photos for training and, where they have classes, testing.
 *
 * @param folder the folder
 * @param options as of `openImages`
 * @returns what `openImages` returns
 * @throws SelfsupError `SELFSUP_DATA` and `SELFSUP_OPTION` as `imageFolder` does
 */
export async function openPhotos(folder: string, options: OpenImagesOptions & { testLimit: number }): Promise<OpenedImages> {
  const { limit = Infinity, testLimit, seed = 0, cacheBytes = 2 ** 30, onProgress } = options;
  const lists = await listSplits(folder, seed);
  const trainList = limited(lists.train, limit);
  const testList = lists.test && limited(lists.test, testLimit);
  const total = trainList.files.length + (testList?.files.length ?? 0);
  const name = basename(resolve(folder));
  let before = 0;
  const progress = onProgress && {
    onProgress: ({ done }: { done: number }) => {
      onProgress({ done: before + done, total });
    },
  };
  const train = await photoImages(trainList, name, { ...options, cacheBytes, ...progress });
  if (!testList || testList.files.length === 0) return { train, skipped: train.skipped };
  before = trainList.files.length;
  const rest = Math.max(0, cacheBytes - train.length * train.height * train.width * 3);
  const test = await photoImages(testList, `${name} (held out)`, { ...options, cacheBytes: rest, ...progress });
  return {
    train,
    test,
    get skipped() {
      return [...train.skipped, ...test.skipped];
    },
  };
}
