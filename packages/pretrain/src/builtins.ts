import { imageTextPlugin } from './image-text/image-text-plugin.ts';
import { imagePlugin } from './image/image-plugin.ts';
import type { Plugin } from './plugin.ts';
import { textPlugin } from './text/text-plugin.ts';
import { videoPlugin } from './video/video-plugin.ts';

/** What selfsup itself brings and what runs in a browser: registered by the same calls as anyone's. */
export const builtinPlugins: readonly Plugin[] = [imagePlugin, videoPlugin, textPlugin, imageTextPlugin];
