import { definePlugin } from '../plugin.ts';
import { imageFiles } from './images/image-files.ts';
import { pairFiles } from './image-text/pair-files.ts';
import { frameFiles } from './videos/frame-folders.ts';

/** Images, videos, and images with texts from files. */
export const imageFilesPlugin = definePlugin({ name: '@selfsup/pretrain/node images', datasets: [imageFiles, frameFiles, pairFiles] });
