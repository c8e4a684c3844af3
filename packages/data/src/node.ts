export { decodeImage, type DecodedImage, type DecodeImageOptions } from './node/decode-image.ts';
export { imageFolder } from './node/image-folder.ts';
export { readNpy, writeNpy, type NpyArray, type NpyData } from './node/npy.ts';
export { openImages, type OpenedImages, type OpenImagesOptions } from './node/open-images.ts';
export type { ImageFolderOptions, PhotoDataset, SkippedImage } from './node/photo-images.ts';
export { openCorpus, type Corpus, type CorpusProgress, type OpenCorpusOptions } from './node/text/open-corpus.ts';
export { openTokenizer } from './node/text/open-tokenizer.ts';
export { openLabelledText, type LabelledText, type OpenLabelledTextOptions } from './node/text/open-labelled-text.ts';
export { trainTokenizer, type TrainTokenizerOptions } from './node/text/train-tokenizer.ts';
