import { definePlugin } from '../plugin.ts';
import { memoryImages, shapesImages } from './array-openers.ts';
import { imageEncoders } from './encoders.ts';
import { imageModality } from './image-modality.ts';
import { imageTasks } from './recipes/image-tasks.ts';

/** All that selfsup has for images and runs in a browser: tasks, encoders, the modality, and data in memory. */
export const imagePlugin = definePlugin({
  name: '@selfsup/pretrain/image',
  tasks: imageTasks,
  modalities: [imageModality],
  encoders: imageEncoders,
  datasets: [memoryImages, shapesImages],
});
