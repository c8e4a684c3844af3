import { drawUniform } from '@selfsup/core';
import { ppmiEmbeddings, startFromTokens, type BertEncoder } from '@selfsup/encoders';
import type { StartRecipe } from '../encoder-recipe.ts';
import { asTexts } from './text-samples.ts';
import { documentsOf } from './token-counts.ts';

/** Token embeddings from what stands with what in the texts, see `ppmiEmbeddings` of `@selfsup/encoders`. */
export const ppmiStart: StartRecipe<BertEncoder> = {
  name: 'ppmi',
  title: 'word embeddings from the mutual information of tokens in the texts',
  async apply(encoder, { samples, rng, progress, signal }) {
    const { dataset, tokenizer } = asTexts(samples);
    const [vocabularySize, dim] = encoder.wordEmbedding.shape;
    const stage = progress.stage('Starting from the mutual information of tokens', { total: 1, unit: 'starts' });
    try {
      const start = await ppmiEmbeddings(documentsOf(dataset), {
        vocabularySize,
        dim,
        ignoredIds: tokenizer.specialIds,
        seed: Math.floor(2 ** 31 * drawUniform(rng, 1)[0]!),
        ...(signal && { signal }),
      });
      startFromTokens(encoder, start);
      stage.update(1);
    } finally {
      stage.end();
    }
  },
};
