export { decodeImage, type DecodedImage, type DecodeImageOptions } from './node/decode-image.ts';
export { drawGrid, type DrawGridOptions, type GridPicture } from './node/draw-grid.ts';
export { frameFolders, type FrameFoldersOptions } from './node/frame-folders.ts';
export type { ClipOptions, FrameDataset } from './node/frame-videos.ts';
export { kindOfParquet } from './node/parquet/kind-of-parquet.ts';
export { imageFolder } from './node/image-folder.ts';
export type { UnusedKind } from './node/unused-files.ts';
export { beginNpy, readNpy, readNpyRows, writeNpy, type PartialNpy, type NpyArray, type NpyData } from './node/npy.ts';
export { openImages, type OpenedImages, type OpenImagesOptions } from './node/open-images.ts';
export { openVideos, type OpenedVideos, type OpenVideosOptions } from './node/open-videos.ts';
export {
  looksLikeImageTexts,
  openImageTexts,
  type FileCaptionedImages,
  type OpenedImageTexts,
  type OpenImageTextsOptions,
} from './node/pairs/open-image-texts.ts';
export type { PairColumns } from './node/pairs/pair-table.ts';
export type { ImageFolderOptions, PhotoDataset, SkippedImage } from './node/photo-images.ts';
export { countDocuments, type CountDocumentsOptions } from './node/text/count-documents.ts';
export { openCorpus, type Corpus, type CorpusProgress, type OpenCorpusOptions } from './node/text/open-corpus.ts';
export { openTokenizer } from './node/text/open-tokenizer.ts';
export type { Column } from './node/text/pick-columns.ts';
export type { TableFormat } from './node/text/read-table.ts';
export { openLabeledText, type LabeledText, type OpenLabeledTextOptions } from './node/text/open-labeled-text.ts';
export { openTextFiles, type OpenedTextFiles, type OpenTextFilesOptions, type TextFilesPart } from './node/text/open-text-files.ts';
export { trainTokenizer, type TrainTokenizerOptions } from './node/text/train-tokenizer.ts';
export {
  isLabelTable,
  matchLabels,
  readLabelTable,
  type LabelRow,
  type LabelTable,
  type LabelTableOptions,
  type MatchedLabels,
} from './node/label-table.ts';
export { findPhotos, photoFiles, type FoundPhotos, type PhotoFiles } from './node/photo-files.ts';
export { beginFile, type PartialFile } from './node/partial-file.ts';
