import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type PretextTask, type Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { choosePlaces, type ChosenPlaces } from './chosen-places.ts';
import { checkChoice } from './check-options.ts';
import { checkTokens } from './check-tokens.ts';
import { countLabels } from './count-labels.ts';
import { joinNetworks } from './join-networks.ts';
import { poolSentences, type SentencePooling } from './pool-sentences.ts';
import { readIds } from './read-ids.ts';
import type { TokenDecoder, TokenEncoder, TokenHead } from './token-networks.ts';

/** What {@link tsdae} trains on: `tokenIds` int32 `[batch, length ≥ 2]`, and `attentionMask` `[batch, length]`, 0 at padding, if there is any. */
export type TsdaeBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask', tf.Tensor2D>>>;

/**
 * What {@link tsdae} makes of a batch: what is left of the tokens of each sentence, int32 `[batch, kept]`, with a mask, 0 at filling; and which token follows at
 * which places of the flattened sentences, int32 `[n]`.
 */
export type TsdaeTargets = Readonly<Record<'noisyIds' | 'noisyMask', tf.Tensor2D>> & ChosenPlaces;

/** Takes tokens out of sequences; `deleteTokens` of @selfsup/augment makes one. */
export type TokenDeletion = (
  rows: { readonly tokenIds: Int32Array; readonly attentionMask?: Int32Array; readonly length: number },
  rng: Rng,
) => { readonly tokenIds: Int32Array; readonly attentionMask: Int32Array; readonly length: number };

/** Options of {@link tsdae}. */
export interface TsdaeOptions<M extends TokenEncoder> {
  /** Makes the backbone, which is kept. */
  backbone: (rng: Rng) => M;
  /** Makes the decoder, which attends to one vector a sentence; `bertDecoder({ memory: 'vector', tied: true })` of @selfsup/encoders. */
  decoder: (rng: Rng, backbone: M) => TokenDecoder;
  /** Makes the head that predicts tokens. */
  head: (rng: Rng) => TokenHead;
  /** Takes tokens out; `deleteTokens` of @selfsup/augment. */
  deletion: TokenDeletion;
  /** What stands for a sentence: `'first'` (default), the state of `[CLS]`, or `'mean'`, that of all tokens. */
  pooling?: SentencePooling;
}

/**
 * TSDAE, a denoising auto-encoder of sentences: from a single vector of what the noise has left of a sentence a decoder says the whole of it.
 *
 * @param options see {@link TsdaeOptions}
 * @returns the task; its variables lie under `backbone/`, `decoder/` and `head/`. The loss is the mean cross entropy of each token but the first of its
 * sentence, given those before it and the vector, in nats; the metric is `accuracy`
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of range; from `targets` `SELFSUP_BATCH` without `tokenIds`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a
 * tensor does not fit
 * @see Wang et al.: "TSDAE: Using Transformer-based Sequential Denoising Auto-Encoder for Unsupervised Sentence Embedding Learning", section 3,
 * https://arxiv.org/abs/2104.06979
 * @remarks The paper's best: deletion of 0.6, `[CLS]`, and a decoder whose blocks are the encoder's. As there, the decoder is told the right tokens before each
 * one, however bad its own guesses. Segments are not read. It takes time
 * until the vector says more than nothing: `bertTiny` on the 5,300 questions of TREC, one seed, has kNN of 49.5 % after a minute from scratch (untrained 54.2), and from
 * PPMI embeddings with half the rate 48.4 % at the start, 53.8 % after 351 updates and 57.8 % after 943, in 2.9 CPU minutes. That is within noise of the untrained
 * encoder, and the linear probe stays below that of the start (66.8 and 69.0 %).
 * @example
 * ```ts
 * import { deleteTokens } from '@selfsup/augment';
 * import { bertDecoder, bertTiny, maskedLanguageHead } from '@selfsup/encoders';
 * import { tsdae } from '@selfsup/pretext-tasks/tsdae';
 * const backbone = bertTiny({ vocabularySize: 4000 });
 * const task = tsdae({
 *   backbone,
 *   decoder: bertDecoder({ memory: 'vector', tied: true }),
 *   head: maskedLanguageHead({ width: backbone.outputDim, vocabularySize: 4000 }),
 *   deletion: deleteTokens({ specialIds: [0, 1, 2, 3, 4] }),
 * });
 * console.log(task.name);
 * ```
 */
export function tsdae<M extends TokenEncoder>(options: TsdaeOptions<M>): PretextTask<TsdaeBatch, TsdaeTargets> {
  const { deletion, pooling = 'first' } = options;
  checkChoice('tsdae', { pooling }, ['first', 'mean']);
  return {
    api: 1,
    name: 'tsdae',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const decoder = options.decoder(rng.fold('decoder'), backbone);
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, decoder, head }),
        targets(batch, { stream }) {
          checkTokens('tsdae', batch);
          const [count, length] = batch.tokenIds.shape;
          if (length < 2)
            throw new SelfsupError('SELFSUP_SHAPE', `tsdae: \`tokenIds\` must have shape [batch, length >= 2], got [${count}, ${length}]`);
          const attentionMask = batch.attentionMask && readIds(batch.attentionMask);
          const tokenIds = readIds(batch.tokenIds);
          const rows = { tokenIds, ...(attentionMask && { attentionMask }), length };
          const noisy = deletion(rows, stream('deletion'));
          const tensor = (values: Int32Array) => tf.tensor2d(values, [count, noisy.length], 'int32');
          const isToken = (at: number) => attentionMask?.[at] !== 0;
          const next = tokenIds.map((_, at) => (at % length < length - 1 && isToken(at) && isToken(at + 1) ? tokenIds[at + 1]! : -1));
          return { noisyIds: tensor(noisy.tokenIds), noisyMask: tensor(noisy.attentionMask), ...choosePlaces(next) };
        },
        loss({ tokenIds, attentionMask }, { noisyIds, noisyMask, positions, labels }, context) {
          const states = backbone.encode({ tokenIds: noisyIds, attentionMask: noisyMask }, applyOptions(context, 'encoder')); // [batch, kept, width]
          const memory = tf.expandDims<tf.Tensor3D>(poolSentences(states, { pooling, attentionMask: noisyMask }), 1); // [batch, 1, width]
          const tokens = { tokenIds, ...(attentionMask && { attentionMask }), memory };
          const hidden = decoder.decode(tokens, applyOptions(context, 'decoder')); // [batch, length, width]
          const logits = head.predict(hidden, { positions, wordEmbedding: backbone.wordEmbedding }); // [n, vocabularySize]
          return {
            loss: maskedCrossEntropy(logits, labels),
            metrics: { accuracy: maskedAccuracy(logits, labels) },
            weight: countLabels(labels),
          };
        },
      };
    },
  };
}
