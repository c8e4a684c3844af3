import { printable, SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { PHOTO } from './list-photos.ts';
import type { Listing, PhotoFile } from './photo-listing.ts';
import { addUnusedFile, createUnusedFiles } from './unused-files.ts';
import { walkFolder } from './walk-folder.ts';

/** A folder of frames, or a video file. */
export interface VideoFile extends PhotoFile {
  /** Where its frames are, in natural order: frame 2 before frame 10; undefined where `path` is a file with all of them. */
  readonly frames: readonly string[] | undefined;
}

/** What video files are named like. */
const VIDEO = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|m2ts|wmv|asf|ogv|flv|3gp|3g2)$/i;

/** Whether a path is named like a video file. */
export const isVideoFile = (path: string): boolean => VIDEO.test(path);

const naturally = new Intl.Collator('en', { numeric: true }).compare;
const ADVICE = 'a video is a file such as .mp4 or .webm, or a folder of frames: JPEG, PNG, WebP, GIF, TIFF or AVIF files';

/**
 * Finds the videos of a folder: every video file, and every folder with pictures in it, at any depth; or a single file.
 *
 * @param folder where to look, or a video file
 * @param options `who`; `loose`: whether pictures in the folder itself are a video (default) or an error
 * @returns the videos in natural order
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, it may not be read, or there is no video in it, and on a loose picture
 */
export async function listVideos(folder: string, options: { who: string; loose?: boolean }): Promise<Listing<VideoFile>> {
  const { who, loose = true } = options;
  const unused = createUnusedFiles();
  const info = await stat(folder).catch(() => undefined);
  if (info?.isFile() && isVideoFile(folder))
    return {
      folder: dirname(folder),
      paths: [basename(folder)],
      fileOf: (_, label) => ({ path: folder, label, frames: undefined }),
      unused,
      unit: 'videos',
    };
  const frames = new Map<string, string[] | undefined>();
  for (const path of (await walkFolder(folder, { who, unused })).sort(naturally)) {
    if (isVideoFile(path)) {
      frames.set(path, undefined);
      continue;
    }
    if (!PHOTO.test(path)) {
      addUnusedFile(unused, path);
      continue;
    }
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
  if (frames.size === 0) {
    const found = unused
      .list()
      .map(({ kind, reason, count, example }) => `${count} ${kind}, such as ${printable(example)}, which ${reason}`);
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${who}: there are no videos in ${printable(folder)}; ${found.length > 0 ? `found ${found.join('; ')}` : ADVICE}`,
    );
  }
  return {
    folder,
    paths: [...frames.keys()].sort(naturally),
    fileOf: (path, label) => ({ path: join(folder, path), label, frames: frames.get(path) }),
    unused,
    unit: 'videos',
  };
}
