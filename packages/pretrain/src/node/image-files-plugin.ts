import { definePlugin } from '../plugin.ts';
import { imageFiles } from './images/image-files.ts';
import { frameFiles } from './videos/frame-folders.ts';

/** Images and videos from files. */
export const imageFilesPlugin = definePlugin({ name: '@selfsup/pretrain/node images', datasets: [imageFiles, frameFiles] });
