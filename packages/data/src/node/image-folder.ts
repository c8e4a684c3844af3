import { basename, resolve } from 'node:path';
import { listPhotos } from './list-photos.ts';
import { photoImages, type ImageFolderOptions, type PhotoDataset } from './photo-images.ts';

/**
 * Opens a folder of photos: found at any depth, sorted by path, turned upright, resized to cover a square and cropped about the center.
 *
 * @param path the folder; its sub-folders name the classes, if every photo is in one
 * @param options `imageSize` (64), `onSkip`, `onProgress`, `cacheBytes` (1 GiB)
 * @returns the data set, RGB. Photos that cannot be decoded are left out and listed in `skipped`; those beyond the cache are only found out
 *   when they are read, and their rows are missing then
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder or no readable image in it; `SELFSUP_OPTION` on a size that is out of range
 * @example
 * ```ts
 * import { imageFolder } from '@selfsup/data/node';
 * const photos = await imageFolder('photos', { imageSize: 64, onSkip: ({ path, reason }) => console.warn(path, reason) });
 * console.log(photos.length, photos.classNames);
 * ```
 */
export async function imageFolder(path: string, options: ImageFolderOptions = {}): Promise<PhotoDataset> {
  return photoImages(await listPhotos(path), basename(resolve(path)), options);
}
