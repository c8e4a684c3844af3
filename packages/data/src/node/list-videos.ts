import { join, posix } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import { classify, photoPaths, type ListOptions, type PhotoFile, type PhotoList } from './list-photos.ts';

/** A folder of frames. */
export interface VideoFile extends PhotoFile {
  /** Where its frames are, in natural order: frame 2 before frame 10. */
  readonly frames: readonly string[];
}

const naturally = new Intl.Collator('en', { numeric: true }).compare;
const ADVICE = 'a video is a folder of frames: JPEG, PNG, WebP, GIF, TIFF or AVIF files';

/**
 * Finds the videos of a folder and the classes that its sub-folders name: every folder with pictures in it, at any depth, is a video.
 *
 * @param folder where to look
 * @param options those of `listPhotos`; `loose`: whether pictures in the folder itself are a video (default) or an error
 * @returns the videos in natural order; the class is the first sub-folder above the video's own, as with photos
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, no picture in it, a class that `classNames` lacks, or a loose picture
 */
export async function listVideos(folder: string, options: ListOptions & { loose?: boolean } = {}): Promise<PhotoList<VideoFile>> {
  const { who = 'frameFolders', loose = true } = options;
  const frames = new Map<string, string[]>();
  for (const path of (await photoPaths(folder, { who, advice: ADVICE })).sort(naturally)) {
    const video = posix.dirname(path);
    if (video === '.' && !loose)
      throw new SelfsupError('SELFSUP_DATA', `${who}: ${join(folder, path)} must lie in the folder of its video, in ${folder}; ${ADVICE}`);
    const others = frames.get(video);
    if (others) others.push(join(folder, path));
    else frames.set(video, [join(folder, path)]);
  }
  const videos = [...frames].sort(([a], [b]) => naturally(a, b));
  const { files, classNames } = classify(
    folder,
    videos.map(([video]) => video),
    { ...options, who },
  );
  return { files: files.map((file, i) => ({ ...file, frames: videos[i]![1] })), classNames };
}
