import { basename, resolve } from 'node:path';
import { listPictures, listWhole } from './list-photos.ts';
import { photoImages, type ImageFolderOptions, type PhotoDataset } from './photo-images.ts';

/**
 * Opens a folder of photos: found at any depth, sorted by path, turned upright, resized to cover a square and cropped about the center.
 *
 * @param path the folder; its sub-folders name the classes, if every photo is in one
 * @param options `imageSize` (64), `classLevel`, `onSkip`, `onProgress`, `cacheBytes` (1 GiB), and the limits of `decodeImage`
 * @returns the data set, RGB. Photos that cannot be decoded are left out and listed in `skipped`; those beyond the cache are only found out
 *   when they are read, and their rows are missing then. Files that are not read at all are counted in `unused`
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, no readable image in it, or folders for training and testing; `SELFSUP_OPTION` on an option
 *   out of range
 * @remarks Folders that hold nothing but one other folder are passed over. A photo that lies loose beside class folders is left out, unless most do: then there
 * are no classes. Each file counts once, whatever links lead to it, and no link is followed out of the folder.
 * @example
 * ```ts
 * import { imageFolder } from '@selfsup/data/node';
 * const photos = await imageFolder('photos', { imageSize: 64, onSkip: ({ path, reason }) => console.warn(path, reason) });
 * console.log(photos.length, photos.classNames);
 * ```
 */
export async function imageFolder(path: string, options: ImageFolderOptions = {}): Promise<PhotoDataset> {
  const who = 'imageFolder';
  const { unused, ...list } = listWhole(await listPictures(path, { who, whole: true }), { who, classLevel: options.classLevel });
  return photoImages(list, basename(resolve(path)), { ...options, unused });
}
