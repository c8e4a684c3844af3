import { printable, SelfsupError } from '@selfsup/core';
import { basename, dirname, join, posix } from 'node:path';
import type { Listing, PhotoFile, WrittenLabels } from '../photo-listing.ts';
import { openParquet } from '../parquet/open-parquet.ts';
import { parquetImages } from '../parquet/parquet-images.ts';
import type { UnusedFiles } from '../unused-files.ts';
import { readTarImage, tarImages } from './tar-images.ts';

/** Whether a file may hold many pictures, by its name. */
export const isShard = (path: string): boolean => /\.(tar|parquet)$/i.test(path);

/** What the name of a shard says besides its number: `train-00000-of-00002.parquet` is a part of `train`. */
const stemOf = (path: string) =>
  posix
    .basename(path)
    .replace(/\.(tar|parquet)$/i, '')
    .replace(/(^|[-_.])\d+(-of-\d+)?(-[\da-f]{8,})?$/i, '');

/**
 * Finds the pictures of tar archives and Parquet files.
 *
 * @param folder where they lie
 * @param shards their paths relative to it, with `/`, in order
 * @param options `who`: the caller, for messages; `unused`: is told of what is not used
 * @returns a listing in which names of shards, like those of folders, may say `train` and `test`, and folders within archives are as folders on disk. Nothing is held
 * open; pictures are read when they are asked for
 * @throws SelfsupError `SELFSUP_DATA` when one cannot be read, or there is no picture in them
 */
export async function listShards(
  folder: string,
  shards: readonly string[],
  { who, unused }: { who: string; unused: UnusedFiles },
): Promise<Listing> {
  const found = new Map<string, Omit<PhotoFile, 'label'>>();
  const of = new Map<string, string | number>();
  const from = new Set<string>();
  let names: readonly string[] | undefined;
  for (const shard of shards) {
    const path = join(folder, shard);
    const place = posix.join(posix.dirname(shard), stemOf(shard));
    const add = (name: string, file: Omit<PhotoFile, 'label'>, label: string | number | undefined) => {
      const way = posix.join(place, posix.dirname(name), `${posix.basename(name)} in ${posix.basename(shard)}`);
      found.set(way, file);
      if (label !== undefined) of.set(way, label);
    };
    if (/\.tar$/i.test(shard)) {
      const { images, labelsFrom } = await tarImages(path, { who, unused });
      if (labelsFrom) from.add(`the .${labelsFrom} members`);
      for (const image of images)
        add(image.name, { path: join(path, image.name), size: image.size, read: () => readTarImage(path, image, who) }, image.label);
      continue;
    }
    const images = await parquetImages(await openParquet(path, who), who);
    const { classNames, labelColumn, labels } = images;
    if (labelColumn !== undefined) from.add(`the column ${printable(labelColumn, { maxLength: 40 })}`);
    if (classNames && names && classNames.join('\n') !== names.join('\n'))
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${who}: ${printable(path)} has other classes than the files before it; give files of one data set`,
      );
    names ??= classNames;
    for (let row = 0; row < images.numRows; row++)
      add(`row ${row}`, { path: `${path}#${row}`, read: () => images.read(row) }, labels?.[row]);
  }
  if (found.size === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: there are no images in ${shards.length === 1 ? printable(join(folder, shards[0]!)) : `the ${shards.length} archives of ${printable(folder)}`}; they must hold JPEG, PNG, WebP, GIF, TIFF, AVIF or BMP files`,
    );
  const labels: WrittenLabels | undefined =
    of.size > 0 ? { of, from: [...from].join(' and '), ...(names && { classNames: names }) } : undefined;
  return {
    folder,
    paths: [...found.keys()],
    fileOf: (path, label) => ({ ...found.get(path)!, label }),
    unused,
    labels,
  };
}

/** The listing of one shard. */
export const listShard = (path: string, options: { who: string; unused: UnusedFiles }): Promise<Listing> =>
  listShards(dirname(path), [basename(path)], options);
