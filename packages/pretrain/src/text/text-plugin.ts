import { definePlugin } from '../plugin.ts';
import { textEncoders } from './encoders.ts';
import { memoryTexts } from './memory-texts.ts';
import { textTasks } from './recipes/text-tasks.ts';
import { textModality } from './text-modality.ts';

/** All that selfsup has for text and runs in a browser: tasks, encoders, the modality, and texts in memory. */
export const textPlugin = definePlugin({
  name: '@selfsup/pretrain/text',
  tasks: textTasks,
  modalities: [textModality],
  encoders: textEncoders,
  datasets: [memoryTexts],
});
