import { createLoader, type Loader, type LoaderOptions } from './create-loader.ts';
import type { ClipPixels, VideoDataset } from './video-dataset.ts';

/**
 * Makes a loader of clips: each epoch has one clip of each video, at another place than in the epoch before.
 *
 * @param videos the videos
 * @param options as of {@link createLoader}; `batchSize` counts clips
 * @returns the loader; in epoch e video i's clip is chosen by `rng.fold('clips').fold(e).fold(i)`
 * @throws SelfsupError as {@link createLoader}
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { createClipLoader, toFrames } from '@selfsup/data';
 * import { frameFolders } from '@selfsup/data/node';
 * const videos = await frameFolders('videos', { clipLength: 4, stride: [1, 3] });
 * const loader = createClipLoader(videos, { batchSize: 16, rng: createRng(0) });
 * for await (const clips of loader.epoch(0)) toFrames(clips).dispose(); // [16, 4, 64, 64, 3]
 * ```
 */
export function createClipLoader(videos: VideoDataset, options: LoaderOptions): Loader<ClipPixels> {
  const stream = options.rng.fold('clips');
  let secondsReading = 0;
  const loaderOf = (epoch: number) =>
    createLoader<ClipPixels>(
      {
        name: videos.name,
        unit: 'videos',
        length: videos.length,
        async read(indices) {
          const start = performance.now();
          const clips = await videos.readClips(indices, stream.fold(epoch));
          secondsReading += (performance.now() - start) / 1000;
          return clips;
        },
      },
      options,
    );
  const { stepsPerEpoch, batchSize } = loaderOf(0);
  return {
    stepsPerEpoch,
    batchSize,
    get secondsReading() {
      return secondsReading;
    },
    epoch: (epoch, range) => loaderOf(epoch).epoch(epoch, range),
  };
}
