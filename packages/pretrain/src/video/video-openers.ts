import { memoryImages, shapesImages } from '../image/array-openers.ts';
import type { DatasetOpener } from '../modality.ts';
import type { OpenedVideoData, StillVideos } from './video-modality.ts';

/** Videos to train on and, where there are some, others to test on. */
export interface VideoDatasets {
  /** The videos to learn from. */
  readonly train: StillVideos;
  /** The videos to judge by; default a part of the others is held out. */
  readonly test?: StillVideos;
}

function isVideos(data: unknown): data is StillVideos {
  if (typeof data !== 'object' || data === null) return false;
  const { readClips, clipLength, stills } = data as Partial<StillVideos>;
  return typeof readClips === 'function' && typeof clipLength === 'number' && typeof stills === 'object';
}

const isVideoDatasets = (data: unknown): data is VideoDatasets =>
  typeof data === 'object' && data !== null && isVideos((data as Partial<VideoDatasets>).train);

/** Opens {@link StillVideos} or {@link VideoDatasets} in memory; the clips are as long as the data set has them. */
export const memoryVideos: DatasetOpener<OpenedVideoData> = {
  name: 'videos in memory',
  modality: 'video',
  accepts: (data) => isVideos(data) || isVideoDatasets(data),
  open: (data) => Promise.resolve(isVideos(data) ? { train: data } : (data as VideoDatasets)),
};

/** Images that an encoder of frames is used on. */
export const imagesForVideos: readonly DatasetOpener[] = [memoryImages, shapesImages].map((opener) => ({
  ...opener,
  modality: 'video',
  recognizes: () => false,
}));
