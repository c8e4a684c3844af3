export {
  jigsaw,
  jigsawPermutations,
  type JigsawBatch,
  type JigsawOptions,
  type JigsawPermutationsOptions,
  type JigsawTargets,
} from './jigsaw.ts';
export { maskedLanguage, type MaskedLanguageBatch, type MaskedLanguageOptions } from './masked-language.ts';
export { nextToken, type NextTokenBatch, type NextTokenOptions } from './next-token.ts';
export { relativePatch, type RelativePatchBatch, type RelativePatchOptions, type RelativePatchTargets } from './relative-patch.ts';
export { replacedToken, type ReplacedTokenBatch, type ReplacedTokenOptions, type ReplacedTokenTargets } from './replaced-token.ts';
export { rotation, type RotationBatch, type RotationOptions, type RotationTargets } from './rotation.ts';
export { simclr, type SimclrBatch, type SimclrOptions } from './simclr.ts';
export type { MaskedTargets, TokenMasking } from './token-masking.ts';
export type { EncodedSequences, TokenEncoder, TokenHead } from './token-networks.ts';
