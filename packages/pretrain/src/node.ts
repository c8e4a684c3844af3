export { imageFilesPlugin } from './node/image-files-plugin.ts';
export { imageFiles } from './node/images/image-files.ts';
export { frameFiles } from './node/videos/frame-folders.ts';
export { readHuggingFace } from './node/text/read-hugging-face.ts';
export { textFiles } from './node/text/text-files.ts';
export { textFilesPlugin } from './node/text/text-files-plugin.ts';
