import { printable, SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkIndices } from '../check-indices.ts';
import type { ImageDataset } from '../image-dataset.ts';
import { sidesOf, type ImageSize } from '../image-size.ts';
import { decodeImage, reasonOf, type DecodeImageOptions } from './decode-image.ts';
import { inParallel } from './in-parallel.ts';
import { listPictures } from './list-photos.ts';
import { loadSharp } from './load-sharp.ts';
import type { SkippedImage } from './photo-images.ts';
import type { UnusedKind } from './unused-files.ts';

/** What {@link findPhotos} finds. */
export interface FoundPhotos {
  /** Their paths, in the order of what was given, those of a folder sorted. */
  readonly files: readonly string[];
  /** Files of folders that are not photos, by kind. */
  readonly unused: readonly UnusedKind[];
}

/**
 * Finds photos by files and folders, whatever their layout.
 *
 * @param paths files, which are taken as they are, and folders, of which all photos at any depth
 * @returns see {@link FoundPhotos}; a file that is not there is among them, and found out when it is read
 * @throws SelfsupError `SELFSUP_DATA` when a folder has no photos or may not be read
 */
export async function findPhotos(paths: readonly string[]): Promise<FoundPhotos> {
  const files: string[] = [];
  const unused: UnusedKind[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info?.isDirectory()) {
      files.push(path);
      continue;
    }
    const found = await listPictures(path, { who: 'findPhotos' });
    files.push(...found.paths.map((name) => join(path, name)));
    unused.push(...found.unused.list());
  }
  return { files, unused };
}

/** Photos by path that are decoded when they are read. */
export interface PhotoFiles extends ImageDataset {
  /** `[length]`: the path of each. */
  readonly paths: readonly string[];
  /** The photos that could not be decoded so far. */
  readonly skipped: readonly SkippedImage[];
}

/**
 * A data set of photos by path. Nothing is decoded before it is read, and nothing is kept, so that a million of them take no more memory than a batch.
 *
 * @param paths of the photos
 * @param options `imageSize`: the size that each is resized to cover and then cropped to; `channels` (3) and the limits of `decodeImage`; `onSkip` is
 * called once for each photo that cannot be decoded
 * @returns the data set, RGB; photos that cannot be decoded are left out of what `read` gives
 * @throws SelfsupError `SELFSUP_DATA` without a path, `SELFSUP_OPTION` on an option out of range
 */
export async function photoFiles(
  paths: readonly string[],
  options: Pick<DecodeImageOptions, 'channels' | 'maxPixels' | 'maxFileBytes'> & {
    imageSize: ImageSize;
    onSkip?: (skipped: SkippedImage) => void;
  },
): Promise<PhotoFiles> {
  const { onSkip, ...decoding } = options;
  const { channels = 3 } = decoding;
  const [height, width] = sidesOf(options.imageSize, 'photoFiles');
  if (paths.length === 0) throw new SelfsupError('SELFSUP_DATA', 'photoFiles: `paths` must have at least one photo, got none');
  await loadSharp(); // its absence is no fault of the photos
  const skipped: SkippedImage[] = [];
  const broken = new Set<string>();
  const decode = async (path: string): Promise<Uint8Array | undefined> => {
    if (broken.has(path)) return undefined;
    try {
      return (await decodeImage(path, decoding)).pixels;
    } catch (error) {
      if ((error as SelfsupError).code === 'SELFSUP_OPTION') throw error; // no fault of the photo
      broken.add(path);
      const skip = { path, reason: reasonOf(error) };
      skipped.push(skip);
      onSkip?.(skip);
      return undefined;
    }
  };
  const size = height * width * channels;
  return {
    ...{
      name: printable(paths.length === 1 ? paths[0]! : 'photos'),
      length: paths.length,
      height,
      width,
      channels,
    },
    paths,
    skipped,
    async read(indices) {
      checkIndices('photoFiles.read', indices, paths.length);
      const rows: (Uint8Array | undefined)[] = new Array<undefined>(indices.length).fill(undefined);
      await inParallel(rows.length, async (i) => {
        rows[i] = await decode(paths[indices[i]!]!);
      });
      const present = [...rows.keys()].filter((i) => rows[i]);
      const pixels = new Uint8Array(present.length * size);
      for (const [row, i] of present.entries()) pixels.set(rows[i]!, row * size);
      return { pixels, shape: [present.length, height, width, channels], indices: Int32Array.from(present, (i) => indices[i]!) };
    },
  };
}
