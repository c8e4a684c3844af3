import type { Plugin } from '../plugin.ts';
import { imageFilesPlugin } from './image-files-plugin.ts';
import { textFilesPlugin } from './text/text-files-plugin.ts';

/** What opens files: photos, IDX, CIFAR-10, folders of frames, text. */
export const nodePlugins: readonly Plugin[] = [imageFilesPlugin, textFilesPlugin];
