export type { AddedToken } from './text/added-tokens.ts';
export { arrayTexts, type ArrayTextsOptions } from './text/array-texts.ts';
export { codePointOffsets } from './text/code-point-offsets.ts';
export { imageTextPairs, type ImageTextPairs, type ImageTextRows } from './text/image-text-pairs.ts';
export { loadTokenizer } from './text/load-tokenizer.ts';
export { sentinelIds, sentinelTokens } from './text/sentinels.ts';
export { trainWordPiece, type TrainWordPieceOptions } from './text/train-word-piece.ts';
export {
  specialTokenId,
  type EncodeOptions,
  type Encoding,
  type SpecialTokens,
  type Tokenizer,
  type TokenizerJson,
} from './text/tokenizer.ts';
export { wordPieceTokenizer, type WordPieceOptions } from './text/word-piece-tokenizer.ts';
export type { DocumentRule } from './text/split-documents.ts';
export type { SentenceRule } from './text/split-sentences.ts';
export type { TokenDataset, TokenRows } from './text/token-dataset.ts';
export { toTokens, type TokenTensors } from './text/to-tokens.ts';
