export { maskedLanguage, type MaskedLanguageBatch, type MaskedLanguageOptions } from './masked-language.ts';
export { dcl, type DclBatch, type DclOptions } from './dcl.ts';
export { mocoV3, type MocoV3Batch, type MocoV3Options, type MocoV3Targets } from './moco-v3.ts';
export { moco, type MocoBatch, type MocoOptions, type MocoTargets } from './moco.ts';
export { nextToken, type NextTokenBatch, type NextTokenOptions } from './next-token.ts';
export { replacedToken, type ReplacedTokenBatch, type ReplacedTokenOptions, type ReplacedTokenTargets } from './replaced-token.ts';
export { simclr, type SimclrBatch, type SimclrOptions } from './simclr.ts';
export type { MaskedTargets, TokenMasking } from './token-masking.ts';
export type { EncodedSequences, TokenEncoder, TokenHead } from './token-networks.ts';
