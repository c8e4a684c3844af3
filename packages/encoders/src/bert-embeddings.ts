import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, type ApplyOptions, type Rng, type VariableMap } from '@selfsup/core';
import { dropWhileTraining } from './layers/apply-part.ts';
import { embedding } from './layers/embedding.ts';
import { truncatedNormal } from './layers/initializers.ts';
import { layerNorm } from './layers/layer-norm.ts';
import type { TokenSequences } from './token-sequences.ts';

/** The first part of a BERT encoder: words, positions and segments as vectors. Encoders may share it. */
export interface BertEmbeddings {
  /** `word/weight`, `position/weight`, `segment/weight` where there are segments, `norm/scale` and `norm/offset`. */
  readonly trainable: VariableMap;
  /** The word embedding `[vocabularySize, embeddingDim]`. */
  readonly wordEmbedding: tf.Variable<tf.Rank.R2>;
  /** float32 `[batch, length, embeddingDim]`: the sum of the three, normalized. */
  embed(sequences: Pick<TokenSequences, 'tokenIds' | 'segmentIds'>, options: ApplyOptions): tf.Tensor3D;
  /** Disposes all variables. */
  dispose(): void;
}

/** Sizes of {@link BertEmbeddings}; `who` is named in errors. Internal. */
export interface BertEmbeddingsOptions {
  who: string;
  vocabularySize: number;
  maxPositions: number;
  numSegments: number;
  embeddingDim: number;
  epsilon: number;
  dropoutRate: number;
}

/** Makes the embeddings of a BERT encoder. Internal; see `bert`. */
export function bertEmbeddings(options: BertEmbeddingsOptions): (rng: Rng) => BertEmbeddings {
  const { who, vocabularySize, maxPositions, numSegments, embeddingDim, epsilon, dropoutRate } = options;
  const table = (count: number) => embedding({ count, width: embeddingDim, initializer: truncatedNormal(0.02) });
  return (rng) => {
    const parts = {
      word: table(vocabularySize)(rng.fold('word')),
      position: table(maxPositions)(rng.fold('position')),
      ...(numSegments > 0 && { segment: table(numSegments)(rng.fold('segment')) }),
      norm: layerNorm<tf.Tensor3D>({ width: embeddingDim, epsilon })(rng),
    };
    const [position, segment] = [parts.position.trainable['weight']!, parts.segment?.trainable['weight']];
    return {
      trainable: joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.trainable]))),
      wordEmbedding: parts.word.trainable['weight'] as tf.Variable<tf.Rank.R2>,
      embed: ({ tokenIds, segmentIds }, apply) =>
        tf.tidy(() => {
          const words = parts.word.apply(tokenIds, apply); // [batch, length, embeddingDim]
          const positions = tf.slice(position, [0, 0], [tokenIds.shape[1], embeddingDim]); // [length, embeddingDim]
          const first = segment ? tf.add(positions, tf.slice(segment, [0, 0], [1, embeddingDim])) : positions;
          const summed =
            segmentIds && parts.segment ? tf.add(tf.add(words, parts.segment.apply(segmentIds, apply)), positions) : tf.add(words, first); // one pass over the batch instead of two
          const x = parts.norm.apply(summed as tf.Tensor3D, apply);
          return dropWhileTraining(x, apply, { rate: dropoutRate, tag: 'embeddings', who });
        }),
      dispose() {
        for (const part of Object.values(parts)) part.dispose();
      },
    };
  };
}
