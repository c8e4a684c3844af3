import { definePlugin } from '../../plugin.ts';
import { textFiles } from './text-files.ts';

/** Text from files. */
export const textFilesPlugin = definePlugin({ name: '@selfsup/pretrain/node text', datasets: [textFiles] });
