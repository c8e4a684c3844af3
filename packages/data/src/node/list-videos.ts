import { printable, SelfsupError } from '@selfsup/core';
import { join, posix } from 'node:path';
import { listPictures } from './list-photos.ts';
import type { Listing, PhotoFile } from './photo-listing.ts';

/** A folder of frames. */
export interface VideoFile extends PhotoFile {
  /** Where its frames are, in natural order: frame 2 before frame 10. */
  readonly frames: readonly string[];
}

const naturally = new Intl.Collator('en', { numeric: true }).compare;
const ADVICE = 'a video is a folder of frames: JPEG, PNG, WebP, GIF, TIFF or AVIF files';

/**
 * Finds the videos of a folder: every folder with pictures in it, at any depth, is one.
 *
 * @param folder where to look
 * @param options `who`; `loose`: whether pictures in the folder itself are a video (default) or an error
 * @returns the videos in natural order
 * @throws SelfsupError `SELFSUP_DATA` as `listPictures`, and on a loose picture
 */
export async function listVideos(folder: string, options: { who: string; loose?: boolean }): Promise<Listing<VideoFile>> {
  const { who, loose = true } = options;
  const pictures = await listPictures(folder, { who, advice: ADVICE });
  const frames = new Map<string, string[]>();
  for (const path of [...pictures.paths].sort(naturally)) {
    const video = posix.dirname(path);
    if (video === '.' && !loose)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${who}: ${printable(join(folder, path))} must lie in the folder of its video, in ${printable(folder)}; ${ADVICE}`,
      );
    const others = frames.get(video);
    if (others) others.push(join(folder, path));
    else frames.set(video, [join(folder, path)]);
  }
  return {
    ...pictures,
    paths: [...frames.keys()].sort(naturally),
    fileOf: (path, label) => ({ path: join(folder, path), label, frames: frames.get(path)! }),
  };
}
