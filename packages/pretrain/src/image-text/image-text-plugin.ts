import { imageEncoders } from '../image/encoders.ts';
import { definePlugin } from '../plugin.ts';
import { imageTextModality } from './image-text-modality.ts';
import { captionedShapesPairs, imagesForPairs, memoryPairs } from './pair-openers.ts';
import { imageTextTasks } from './recipes/image-text-tasks.ts';

/** All that selfsup has for images with texts and runs in a browser: tasks, the modality, pairs in memory and made-up ones. */
export const imageTextPlugin = definePlugin({
  name: '@selfsup/pretrain/image-text',
  tasks: imageTextTasks,
  modalities: [imageTextModality],
  encoders: imageEncoders,
  datasets: [memoryPairs, captionedShapesPairs, ...imagesForPairs],
});
