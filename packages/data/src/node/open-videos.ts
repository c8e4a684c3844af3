import { printable, SelfsupError } from '@selfsup/core';
import { stat } from 'node:fs/promises';
import { checkClip, frameVideos, type ClipOptions, type FrameDataset } from './frame-videos.ts';
import { isVideoFile, listVideos } from './list-videos.ts';
import { checkLimits, type OpenImagesOptions } from './open-images.ts';
import { openSplits } from './open-splits.ts';
import type { SkippedImage } from './photo-images.ts';
import type { UnusedKind } from './unused-files.ts';
import { checkVideoFiles, type VideoFileOptions } from './video-files.ts';

/** Options of {@link openVideos}. */
export interface OpenVideosOptions extends OpenImagesOptions, ClipOptions, VideoFileOptions {}

/** What {@link openVideos} opened. */
export interface OpenedVideos {
  /** The videos to train on; their `stills` are images to compare encoders with. */
  readonly train: FrameDataset;
  /** The videos to test on, where there are any. */
  readonly test?: FrameDataset;
  /** Where `test` comes from: a part of its own, or held out of the others. */
  readonly testFrom?: 'own part' | 'held out';
  /** Frames and files that could not be decoded so far, and videos that are too short. */
  readonly skipped: readonly SkippedImage[];
  /** The files of the folder that are not used, by kind. */
  readonly unused: readonly UnusedKind[];
}

/**
 * Opens videos, given as files or as folders of frames, for training and, where they have classes, testing.
 *
 * @param folder `video.mp4`, `class/video.mp4`, `video/frames` or `class/video/frames`, also below folders for training and testing, as `openImages` finds them:
 * every video file, and every folder with pictures in it, is a video; or a single video file
 * @param options `clipLength` (4), `stride` (1), `clipsPerVideo` (1); of files `framesPerSecond` (8) and `ffmpeg`, the program (on the PATH); `limit` and `testLimit` (2,000) in videos, and as in `openImages` `imageSize` (64), `seed`, `onSkip`,
 * `onProgress`, `cacheBytes`
 * @returns `train`; `test` where the folder has one, or classes: a fifth of the videos of each, chosen by the seed, is held out then; what was `skipped`
 * @throws SelfsupError as `frameFolders`; `SELFSUP_DATA` also on pictures that lie beside the videos
 * @example
 * ```ts
 * import { openVideos } from '@selfsup/data/node';
 * const { train, test } = await openVideos('videos', { clipLength: 4, stride: [1, 3] }); // videos/<class>/<video>/*.jpg
 * console.log(train.length, train.stills.classNames, test?.length);
 * ```
 */
export async function openVideos(folder: string, options: OpenVideosOptions = {}): Promise<OpenedVideos> {
  checkLimits('openVideos', options);
  const clip = checkClip('openVideos', options);
  const info = await stat(folder).catch(() => undefined);
  checkVideoFiles('openVideos', options);
  if (!info || !(info.isDirectory() || isVideoFile(folder)))
    throw new SelfsupError(
      'SELFSUP_DATA',
      `openVideos: videos must be in a folder, as files such as .mp4 or .webm, or each in a folder of its own with its frames, but ${printable(folder)} is ${info ? 'a file of another kind' : 'not there'}`,
    );
  return openSplits(
    folder,
    { ...options, testLimit: options.testLimit ?? 2000 },
    {
      who: 'openVideos',
      list: (path) => listVideos(path, { who: 'openVideos', loose: false }),
      pictures: ({ frames }) => frames?.length ?? 1,
      open: (list, name, rest) => frameVideos(list, name, { ...rest, clip }),
    },
  );
}
