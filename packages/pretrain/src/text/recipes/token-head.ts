import { maskedLanguageHead, type BertFactory } from '@selfsup/encoders';

/** A head that predicts the tokens of an encoder. */
export const tokenHead = ({ outputDim: width, vocabularySize, embeddingDim }: BertFactory): ReturnType<typeof maskedLanguageHead> =>
  maskedLanguageHead({ width, vocabularySize, embeddingDim });
