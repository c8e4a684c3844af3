import { builtinPlugins } from '../builtins.ts';
import type { Plugin } from '../plugin.ts';
import { createRegistry, type Registry } from '../registry.ts';
import { imageFilesPlugin } from './image-files-plugin.ts';
import { textFilesPlugin } from './text/text-files-plugin.ts';

/** What opens files: photos, IDX, CIFAR-10, folders of frames, text. */
export const nodePlugins: readonly Plugin[] = [imageFilesPlugin, textFilesPlugin];

/** All that selfsup brings, files included, and what is given beside it. Internal. */
export const nodeRegistry = (plugins: readonly Plugin[] = []): Registry => createRegistry([...builtinPlugins, ...nodePlugins, ...plugins]);
