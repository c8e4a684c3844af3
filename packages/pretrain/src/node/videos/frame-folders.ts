import { openVideos } from '@selfsup/data/node';
import type { OpenedImageData } from '../../image/opened-images.ts';
import type { DatasetOpener } from '../../modality.ts';
import { openAs } from '../../video/open-as.ts';
import type { OpenedVideoData, VideoOptions } from '../../video/video-modality.ts';
import { unusedAsSkipped } from '../unused-as-skipped.ts';
import { isPath, openImageFiles, sizesOf, watchDecoding } from '../images/image-files.ts';

/**
 * Opens a folder of videos, each a folder of frames, also in folders of classes and below `train` and `test`. Where images are wanted, to use an encoder of
 * frames on, it opens what the modality `image` opens.
 */
export const frameFiles: DatasetOpener<OpenedVideoData | OpenedImageData> = {
  name: 'folders of frames',
  modality: 'video',
  accepts: isPath,
  recognizes: () => false, // a folder of pictures is one of photos unless a task for videos is named
  async open(data, settings) {
    const path = data as string;
    const { seed, progress, options } = settings;
    if (openAs(options) === 'images') return openImageFiles(path, settings);
    const { clipLength, frameStride } = options as Partial<VideoOptions>;
    const watch = watchDecoding(progress, 'frames');
    const { onProgress, onSkip } = watch;
    const opened = await openVideos(path, {
      seed,
      ...sizesOf(settings),
      ...(clipLength !== undefined && { clipLength }),
      ...(frameStride !== undefined && { stride: frameStride }),
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
