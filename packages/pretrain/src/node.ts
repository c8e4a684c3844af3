export { imageFilesPlugin } from './node/image-files-plugin.ts';
export { imageFiles } from './node/images/image-files.ts';
export { frameFiles } from './node/videos/frame-folders.ts';
