import { openVideos } from '@selfsup/data/node';
import type { OpenedImageData } from '../../image/opened-images.ts';
import type { DatasetOpener } from '../../modality.ts';
import { openAs } from '../../video/open-as.ts';
import type { OpenedVideoData, VideoOptions } from '../../video/video-modality.ts';
import { kindOfFiles } from '../kind-of-files.ts';
import { unusedAsSkipped } from '../unused-as-skipped.ts';
import { isPath, openImageFiles, sizesOf, watchDecoding } from '../images/image-files.ts';

/**
 * Opens a folder of videos, each a file or a folder of frames, also in folders of classes and below `train` and `test`. Where images are wanted, to use an encoder of
 * frames on, it opens what the modality `image` opens.
 */
export const frameFiles: DatasetOpener<OpenedVideoData | OpenedImageData> = {
  name: 'video files and folders of frames',
  modality: 'video',
  accepts: isPath,
  recognizes: async (data) => isPath(data) && (await kindOfFiles(data)) === 'video', // a folder of pictures is one of photos unless a task for videos is named
  async open(data, settings) {
    const path = data as string;
    const { seed, progress, options } = settings;
    if (openAs(options) === 'images' && (await kindOfFiles(path)) !== 'video') return openImageFiles(path, settings); // of video files stills are taken
    const { clipLength, frameStride, framesPerSecond, clipsPerVideo } = options as Partial<VideoOptions>;
    const watch = watchDecoding(progress, 'frames');
    const { onProgress, onSkip } = watch;
    const opened = await openVideos(path, {
      seed,
      ...sizesOf(settings),
      ...(clipLength !== undefined && { clipLength }),
      ...(frameStride !== undefined && { stride: frameStride }),
      ...(framesPerSecond !== undefined && { framesPerSecond }),
      ...(clipsPerVideo !== undefined && { clipsPerVideo }),
      onProgress,
      onSkip,
    }).finally(watch.end);
    const { train, test } = opened;
    return {
      train,
      ...(test && { test, testFrom: opened.testFrom ?? 'own part' }),
      skipped: () => [...opened.skipped, ...unusedAsSkipped(opened.unused)],
      decoded: watch.decoded,
    };
  },
};
