export { imageFilesPlugin } from './node/image-files-plugin.ts';
export { imageFiles } from './node/images/image-files.ts';
export { frameFiles } from './node/videos/frame-folders.ts';
export { readHuggingFace } from './node/text/read-hugging-face.ts';
export { textFiles } from './node/text/text-files.ts';
export { textFilesPlugin } from './node/text/text-files-plugin.ts';
export { loadEncoder } from './node/load-encoder-folder.ts';
export { isForeign, openEncoder, type OpenEncoderOptions } from './node/open-encoder.ts';
export { nodePlugins } from './node/node-plugins.ts';
export { runFolder } from './node/run-folder.ts';
export {
  openPretrainedSource,
  type OpenPretrainedSourceOptions,
  type PretrainedFile,
  type PretrainedFiles,
} from './node/pretrained/open-pretrained-source.ts';
export { classifierFolder, listClassifiers, loadClassifier, type LoadClassifierFolderOptions } from './node/load-classifier-folder.ts';
export { openInputs, type Inputs, type OpenedInput } from './node/open-inputs.ts';
export {
  embedShard,
  mergeEmbeddings,
  mergeSearchIndex,
  type EmbeddedShard,
  type EmbeddingParts,
  type EmbedShardOptions,
} from './node/parts/embed-shard.ts';
export { collectParts, type CollectedParts } from './node/parts/collect-parts.ts';
export { listSamples, shareOfSamples, type SamplesListing } from './node/parts/list-samples.ts';
export { finishedPart, partPath, recordPart, type PartIdentity, type PartPlace, type PartRecord } from './node/parts/part-record.ts';
export { appendTable } from './node/append-table.ts';
export { columnsOfSamples, type EmbeddingColumn } from './node/embeddings/embedding-columns.ts';
export { assertEmbeddingsPath, beginEmbeddings, embeddingsFormats } from './node/embeddings/embeddings-file.ts';
export type { EmbeddingsFile, EmbeddingsFileOptions } from './node/embeddings/embeddings-format.ts';
export { indexPathOf } from './node/embeddings/npy-embeddings.ts';
export { buildSearchIndex, openSearchIndex, type BuildSearchIndexOptions, type SearchIndex } from './node/search-index/search-index.ts';
