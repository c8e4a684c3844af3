import { imageEncoders } from '../image/encoders.ts';
import { definePlugin } from '../plugin.ts';
import { frameOrderTask } from './frame-order.ts';
import { framePredictionTask } from './frame-prediction.ts';
import { timeContrastiveTask } from './time-contrastive.ts';
import { videoModality } from './video-modality.ts';
import { imagesForVideos, memoryVideos } from './video-openers.ts';

/** All that selfsup has for videos and runs in a browser: the tasks on clips, the modality, and data in memory. */
export const videoPlugin = definePlugin({
  name: '@selfsup/pretrain/video',
  tasks: [frameOrderTask, timeContrastiveTask, framePredictionTask],
  modalities: [videoModality],
  encoders: imageEncoders,
  datasets: [memoryVideos, ...imagesForVideos],
});
