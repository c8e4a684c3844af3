import { drawUniform, SelfsupError, takeRows, type PretextTask, type Rng, type StepContext } from '@selfsup/core';
import { binaryAccuracy, skipGramLoss } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { checkCounts, checkPositive } from './check-options.ts';
import { checkTokens } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import type { TokenEncoder } from './token-networks.ts';
import { trainedPart } from './trained-part.ts';

/** What {@link skipGram} trains on: `tokenIds` int32 `[batch, length]`, and `attentionMask` `[batch, length]`, 0 at padding, if there is any. */
export type SkipGramBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask', tf.Tensor2D>>>;

/**
 * Which words {@link skipGram} compares: `pairs` float32 `[batch, length, length]`, 1 where the second place lies in the window of the first, the center, and 0
 * elsewhere; `noise` int32 `[batch, length, negatives]`, the words that are drawn for each center.
 */
export type SkipGramTargets = Readonly<Record<'pairs' | 'noise', tf.Tensor3D>>;

/** Options of {@link skipGram}. */
export interface SkipGramOptions<M extends TokenEncoder> {
  /** Makes the backbone, which is kept; of it only `wordEmbedding` is trained. */
  backbone: (rng: Rng) => M;
  /** `[vocabularySize]`: the part of all tokens that each is, ≥ 0; a token with 0, such as `[CLS]`, is in no pair. `tokenStatistics` of @selfsup/encoders counts it. */
  unigram: Float32Array;
  /** At most so many words to each side are predicted; each center draws from 1 … `window`. An integer ≥ 1, default 5. */
  window?: number;
  /** Words that are drawn for each center, an integer ≥ 1; default 5. */
  negatives?: number;
  /** Of words more frequent than this only a part √(subsample / frequency) is kept; > 0, and Infinity keeps all; default 0.001. */
  subsample?: number;
}

/** The power of the frequencies by which negatives are drawn. */
const NOISE_POWER = 0.75;

/** Sums up to each entry of the frequencies to the power 3/4, the last one 1. */
function noiseSums(unigram: Float32Array): Float64Array {
  const sums = new Float64Array(unigram.length);
  let total = 0;
  for (const [id, part] of unigram.entries()) sums[id] = total += part ** NOISE_POWER;
  return sums.map((sum) => sum / total);
}

/** The first entry whose sum is greater than the draw, which is in [0, 1). */
function drawnFrom(sums: Float64Array, draw: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** 1 for the pairs of centers and words in their windows `[batch, length, length]`; a word that is not kept takes no place in a window. */
function windowsOf(kept: tf.Tensor2D, reach: tf.Tensor2D): tf.Tensor3D {
  const place = tf.cumsum(kept, 1); // [batch, length], among the kept
  const distance = tf.abs(tf.sub(tf.expandDims(place, 2), tf.expandDims(place, 1)));
  const isNear = tf.cast(tf.lessEqual(distance, tf.expandDims(reach, 2)), 'float32');
  const isOther = tf.cast(tf.greater(distance, 0), 'float32');
  return tf.mul(tf.mul(isNear, isOther), tf.mul(tf.expandDims(kept, 2), tf.expandDims(kept, 1)));
}

/** Throws unless the frequencies are such, of the rows of the word embedding. */
function checkUnigram(unigram: Float32Array, rows?: number): void {
  const isFrequencies = unigram.every((part) => part >= 0 && part < Infinity) && unigram.some((part) => part > 0);
  if (!isFrequencies || (rows !== undefined && unigram.length !== rows))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `skip-gram: \`unigram\` must have ${rows ?? 'as many'} numbers >= 0${rows === undefined ? ' as the vocabulary has tokens' : ', one for each row of the word embedding'}, not all 0, got ${unigram.length} numbers${isFrequencies ? '' : ' that are not'}`,
    );
}

/**
 * Skip-gram with negative sampling, as word2vec: the word embedding of the backbone learns which words stand around a word.
 *
 * @param options see {@link SkipGramOptions}
 * @returns the task; the word embedding lies under `backbone/`, the other variables of the backbone among the buffers, and the table of the words around a center,
 * which starts with zeros, is `output/weight`. The loss is `skipGramLoss`, the mean over the pairs of a batch, (1 + negatives) · log 2 at the start. The metric
 * `accuracy` is how often a word is told right, words of the text and drawn ones counting alike: a score above −log(negatives) says that a word stands there more
 * often than by chance. Pairs that say nothing are worth 0.5, and a loss of about 2.7 with 5 negatives
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `create` when `unigram` does not fit the backbone; from `targets` `SELFSUP_BATCH` without
 * `tokenIds`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a tensor does not fit
 * @see Mikolov et al.: "Distributed Representations of Words and Phrases and their Compositionality", https://arxiv.org/abs/1310.4546
 * @remarks Negatives are drawn by the frequencies to the power 3/4. The paper draws for each pair; here the pairs of a center have the same ones, which
 * leaves the expected loss as it is. A drawn word may be one of the context, as in the paper's formula; its program draws again.
 * Subsampled words take no place in a window, as in its program.
 * @example
 * ```ts
 * import { bertTiny, tokenStatistics } from '@selfsup/encoders';
 * import { skipGram } from '@selfsup/pretext-tasks/skip-gram';
 * const { unigram } = await tokenStatistics([[2, 5, 6, 7, 3], [2, 5, 6, 8, 3]], { vocabularySize: 9, ignoredIds: [0, 1, 2, 3, 4] });
 * const task = skipGram({ backbone: bertTiny({ vocabularySize: 9 }), unigram });
 * console.log(task.name);
 * ```
 */
export function skipGram<M extends TokenEncoder>(options: SkipGramOptions<M>): PretextTask<SkipGramBatch, SkipGramTargets> {
  const { unigram, window = 5, negatives = 5, subsample = 1e-3 } = options;
  checkCounts('skip-gram', { window, negatives });
  if (subsample !== Infinity) checkPositive('skip-gram', { subsample });
  checkUnigram(unigram);
  const sums = noiseSums(unigram);
  /** How often a word is kept; never where it has no frequency. */
  const keepRate = unigram.map((part) => (part > 0 ? Math.min(1, Math.sqrt(subsample / part)) : 0));
  const draw = (shape: [number, number], rng: Rng): tf.Tensor2D => tf.tensor2d(drawUniform(rng, shape[0] * shape[1]), shape);
  const pairsOf = ({ tokenIds, attentionMask }: SkipGramBatch, { stream }: StepContext): tf.Tensor3D => {
    const rates = takeRows(tf.tensor1d(keepRate), tokenIds) as tf.Tensor2D; // [batch, length]
    const kept = tf.cast<tf.Tensor2D>(tf.less(draw(tokenIds.shape, stream('subsample')), rates), 'float32');
    const present = attentionMask ? tf.mul<tf.Tensor2D>(kept, tf.cast(attentionMask, 'float32')) : kept;
    const reach = tf.add<tf.Tensor2D>(tf.floor(tf.mul(draw(tokenIds.shape, stream('window')), window)), 1); // 1 ... window
    return windowsOf(present, reach);
  };
  return {
    api: 1,
    name: 'skip-gram',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const { wordEmbedding } = backbone;
      try {
        checkUnigram(unigram, wordEmbedding.shape[0]);
      } catch (error) {
        backbone.dispose();
        throw error;
      }
      const table = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R2>(wordEmbedding.shape)));
      return {
        encoders: { backbone },
        ...joinNetworks({
          backbone: {
            ...trainedPart(backbone, (_, variable) => variable === wordEmbedding),
            dispose: () => {
              backbone.dispose();
            },
          },
          output: {
            trainable: { weight: table },
            buffers: {},
            dispose: () => {
              table.dispose();
            },
          },
        }),
        targets(batch, context) {
          checkTokens('skip-gram', batch);
          const [count, length] = batch.tokenIds.shape;
          const drawn = Int32Array.from(drawUniform(context.stream('negatives'), count * length * negatives), (at) => drawnFrom(sums, at));
          return { pairs: tf.tidy(() => pairsOf(batch, context)), noise: tf.tensor3d(drawn, [count, length, negatives], 'int32') };
        },
        loss({ tokenIds }, { pairs, noise }) {
          const [count, length] = tokenIds.shape;
          const centers = takeRows(wordEmbedding, tokenIds) as tf.Tensor3D; // [batch, length, dim]
          const around = takeRows(table, tokenIds) as tf.Tensor3D;
          const drawn = takeRows(table, noise) as tf.Tensor4D; // [batch, length, negatives, dim]
          const rows = count * length;
          const contextScores = tf.reshape<tf.Rank.R2>(tf.matMul(centers, around, false, true), [rows, length]);
          const noiseScores = tf.reshape<tf.Rank.R2>(tf.matMul(drawn, tf.expandDims(centers, 3)), [rows, negatives]);
          const weights = tf.reshape<tf.Rank.R2>(pairs, [rows, length]);
          const perCenter = tf.mul<tf.Tensor2D>(tf.sum(weights, 1, true), tf.ones<tf.Rank.R2>([1, negatives])); // [rows, negatives]
          const shareRight = (scores: tf.Tensor2D, { isContext, weighting }: { isContext: boolean; weighting: tf.Tensor2D }) => {
            const labels = tf.fill<tf.Rank.R1>([scores.size], isContext ? 1 : 0, 'int32');
            return binaryAccuracy(tf.add(tf.reshape<tf.Rank.R1>(scores, [-1]), Math.log(negatives)), labels, {
              weights: tf.reshape<tf.Rank.R1>(weighting, [-1]),
            });
          };
          const right = tf.add(
            shareRight(contextScores, { isContext: true, weighting: weights }),
            shareRight(noiseScores, { isContext: false, weighting: perCenter }),
          );
          return {
            loss: skipGramLoss(contextScores, noiseScores, { weights }),
            metrics: { accuracy: tf.mul<tf.Scalar>(right, 0.5) },
            weight: tf.sum<tf.Scalar>(weights),
          };
        },
      };
    },
  };
}
