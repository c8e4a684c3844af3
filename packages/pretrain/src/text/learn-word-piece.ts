import { sentinelTokens, type TrainWordPieceOptions } from '@selfsup/data/text';
import type { TextOpening } from './opened-text.ts';

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * How the vocabulary of a run is learned where it comes with none: with as many sentinels as its task asks for.
 *
 * @param opening what openers are told
 * @returns options of `trainWordPiece`
 */
export function wordPieceOptions({
  vocabularySize,
  vocabulary: units,
  sentinels,
}: Pick<TextOpening, 'vocabularySize' | 'vocabulary' | 'sentinels'>): TrainWordPieceOptions {
  return {
    units,
    ...(vocabularySize !== undefined && { vocabularySize }),
    ...(sentinels > 0 && { specialTokens: [...SPECIAL, ...sentinelTokens(sentinels)] }),
  };
}
