import { basename, resolve } from 'node:path';
import { checkClip, frameVideos, type ClipOptions, type FrameDataset } from './frame-videos.ts';
import { listWhole } from './list-photos.ts';
import { listVideos } from './list-videos.ts';
import type { ImageFolderOptions } from './photo-images.ts';
import { checkVideoFiles, type VideoFileOptions } from './video-files.ts';

/** Options of {@link frameFolders}. */
export interface FrameFoldersOptions extends ImageFolderOptions, ClipOptions, VideoFileOptions {}

/**
 * Opens videos given as folders of frames or as files: every folder with pictures in it, at any depth, is a video, its files in natural order its frames; and
 * so is every video file (.mp4, .webm, .mov, .mkv, .avi …), which the program `ffmpeg` decodes.
 *
 * @param path the folder of the folders
 * @param options `clipLength` (4), `stride` (1) and `clipsPerVideo` (1); of files `framesPerSecond` (8) and `ffmpeg`, the program (on the PATH); and those of `imageFolder`: `imageSize` (64), `classLevel`, `onSkip`, `onProgress`, `cacheBytes` (1 GiB), `maxPixels`, `maxFileBytes`
 * @returns the data set, RGB. A frame or a file that cannot be decoded is left out, and a video that is too short for a clip of the least stride is left
 * out; both are told to `onSkip` and listed in `skipped`
 * @throws SelfsupError `SELFSUP_DATA` when there is no such folder, no readable video in it, no `ffmpeg` for video files, or no video is long enough; `SELFSUP_OPTION` on an option out of
 * range
 * @remarks `stills` are images to evaluate an encoder with; their class is the first sub-folder above the video's own, where each video has one.
 * Natural order: `frame2.png` comes before `frame10.png`. Frames are resized and cropped as photos are. Files
 * are decoded once in opening, which counts their frames. Frames beyond `cacheBytes` are decoded again as they are read, from the start of their file: raise it, or cut
 * long films into pieces, where that is slow.
 * @example
 * ```ts
 * import { frameFolders } from '@selfsup/data/node';
 * const videos = await frameFolders('videos', { imageSize: 64, clipLength: 4, stride: [1, 3] });
 * console.log(videos.length, videos.frameCounts, videos.skipped);
 * ```
 */
export async function frameFolders(path: string, options: FrameFoldersOptions = {}): Promise<FrameDataset> {
  const clip = checkClip('frameFolders', options);
  const who = 'frameFolders';
  checkVideoFiles(who, options);
  const { unused, ...list } = listWhole(await listVideos(path, { who }), { who, classLevel: options.classLevel });
  return frameVideos(list, basename(resolve(path)), { ...options, clip, unused });
}
