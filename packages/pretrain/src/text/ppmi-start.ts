import { countOf, drawUniform, isSelfsupError, SelfsupError } from '@selfsup/core';
import { ppmiEmbeddings, startFromTokens, type BertEncoder } from '@selfsup/encoders';
import type { StartRecipe } from '../encoder-recipe.ts';
import type { Stage } from '../progress.ts';
import { asTexts } from './text-samples.ts';
import { documentsOf } from './token-counts.ts';

/** Token embeddings from what stands with what in the texts, see `ppmiEmbeddings` of `@selfsup/encoders`. */
export const ppmiStart: StartRecipe<BertEncoder> = {
  name: 'ppmi',
  title: 'word embeddings from the mutual information of tokens in the texts',
  async apply(encoder, { samples, rng, progress, signal }) {
    const { dataset, tokenizer } = asTexts(samples);
    const [vocabularySize, dim] = encoder.wordEmbedding.shape;
    let stage: Stage | undefined;
    try {
      const start = await ppmiEmbeddings(documentsOf(dataset), {
        vocabularySize,
        dim,
        ignoredIds: tokenizer.specialIds,
        seed: Math.floor(2 ** 31 * drawUniform(rng, 1)[0]!),
        onProgress({ rows, totalRows }) {
          stage ??= progress.stage('Starting from the mutual information of tokens', { total: totalRows, unit: 'rows' });
          stage.update(rows);
        },
        ...(signal && { signal }),
      });
      startFromTokens(encoder, start);
    } catch (error) {
      if (!isSelfsupError(error) || error.code !== 'SELFSUP_DATA') throw error;
      const { length } = dataset;
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${samples.name} is too little text for \`start\` ppmi: in ${countOf(length, 'sequences')} no two words stand together more often than by chance; give more texts, or begin with \`start\` random`,
        { cause: error },
      );
    } finally {
      stage?.end();
    }
  },
};
