import { maskedLanguageHead, type BertFactory } from '@selfsup/encoders';
import type { TextTaskParts } from '../text-task.ts';

/**
 * A head that predicts the tokens of an encoder. Of a run that starts from `ppmi` it begins by saying each token as often as it is there, special ones as often as
 * a token is on average: its bias would otherwise be learned first, through the embeddings that the start has given.
 */
export function tokenHead(
  { outputDim: width, vocabularySize, embeddingDim }: BertFactory,
  { settings, counts }: Pick<TextTaskParts, 'settings' | 'counts'>,
): ReturnType<typeof maskedLanguageHead> {
  const unigram = settings.start === 'ppmi' ? counts().unigram.map((part) => part || 1 / vocabularySize) : undefined;
  return maskedLanguageHead({ width, vocabularySize, embeddingDim, ...(unigram && { unigram }) });
}
