import * as tf from '@tensorflow/tfjs-core';
import type { PretextTask, Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { choosePlaces, type ChosenPlaces } from './chosen-places.ts';
import { checkTokens } from './check-tokens.ts';
import { countLabels } from './count-labels.ts';
import { joinNetworks } from './join-networks.ts';
import { readIds } from './read-ids.ts';
import type { TokenDecoder, TokenEncoder, TokenHead } from './token-networks.ts';

/** What {@link spanCorruption} trains on: `tokenIds` int32 `[batch, length]`, and `attentionMask` `[batch, length]`, 0 at padding, if there is any. */
export type SpanCorruptionBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask', tf.Tensor2D>>>;

/**
 * What {@link spanCorruption} makes of a batch: what is left of the sequences, int32 `[batch, kept]`, with a mask, 0 at filling; what the decoder reads,
 * int32 `[batch, targetLength]`; and what it should say at which places of that, flattened, int32 `[n]`.
 */
export type SpanCorruptionTargets = Readonly<Record<'corruptedIds' | 'corruptedMask' | 'decoderIds', tf.Tensor2D>> & ChosenPlaces;

/** Takes spans out of sequences; `corruptSpans` of @selfsup/augment makes one. */
export type SpanCorruption = (
  rows: { readonly tokenIds: Int32Array; readonly attentionMask?: Int32Array; readonly length: number },
  rng: Rng,
) => Readonly<Record<'tokenIds' | 'attentionMask' | 'decoderIds' | 'labels', Int32Array> & Record<'length' | 'targetLength', number>>;

/** Options of {@link spanCorruption}. */
export interface SpanCorruptionOptions<M extends TokenEncoder> {
  /** Makes the backbone, the encoder, which is kept. */
  backbone: (rng: Rng) => M;
  /** Makes the decoder, which attends to the states of the encoder; `bertDecoder` of @selfsup/encoders. */
  decoder: (rng: Rng, backbone: M) => TokenDecoder;
  /** Makes the head that predicts tokens. */
  head: (rng: Rng) => TokenHead;
  /** Takes spans out; `corruptSpans` of @selfsup/augment. */
  corruption: SpanCorruption;
}

/**
 * Span corruption, the objective of T5: the encoder reads a text in which spans are replaced by sentinels, and a decoder says what stood there.
 *
 * @param options see {@link SpanCorruptionOptions}
 * @returns the task; its variables lie under `backbone/`, `decoder/` and `head/`. The loss is the mean cross entropy of the tokens of all answers, sentinels
 * and ends included, in nats; the metric is `accuracy`
 * @throws SelfsupError from `targets` `SELFSUP_BATCH` without `tokenIds`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a tensor does not fit, and what the corruption
 * throws
 * @see Raffel et al.: "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", section 3.1.4, https://arxiv.org/abs/1910.10683
 * @remarks T5's objective on BERT's blocks: absolute positions, normalization after the additions and GELU, where T5 has relative positions, normalization
 * before the branches and ReLU. Segments are not read. Most of the loss is about tokens of the answer before, so the decoder may be smaller than the encoder. In
 * minutes it does not help yet: `bertTiny` from scratch on the 5,300 questions of TREC has kNN of 26.7 % after 45 CPU seconds with the defaults, and after 2.4 minutes
 * (1,559 updates, rate 3e-4, 30 % of the tokens) 37.9 % (untrained 50.9) and a linear probe of 65.0 % (untrained 64.6); masked language modeling, after 1.3 minutes,
 * 33.9 and 44.0 %.
 * @example
 * ```ts
 * import { corruptSpans } from '@selfsup/augment';
 * import { bertDecoder, bertTiny, maskedLanguageHead } from '@selfsup/encoders';
 * import { spanCorruption } from '@selfsup/pretext-tasks/span-corruption';
 * const backbone = bertTiny({ vocabularySize: 4000 });
 * const task = spanCorruption({
 *   backbone,
 *   decoder: bertDecoder(),
 *   head: maskedLanguageHead({ width: backbone.outputDim, vocabularySize: 4000 }),
 *   corruption: corruptSpans({ sentinelIds: [5, 6, 7, 8, 9, 10], startId: 2, endId: 3, specialIds: [0, 1, 2, 3, 4] }),
 * });
 * console.log(task.name);
 * ```
 */
export function spanCorruption<M extends TokenEncoder>(
  options: SpanCorruptionOptions<M>,
): PretextTask<SpanCorruptionBatch, SpanCorruptionTargets> {
  return {
    api: 1,
    name: 'span-corruption',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const decoder = options.decoder(rng.fold('decoder'), backbone);
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, decoder, head }),
        targets(batch, { stream }) {
          checkTokens('span-corruption', batch);
          const [count, length] = batch.tokenIds.shape;
          const attentionMask = batch.attentionMask && readIds(batch.attentionMask);
          const rows = { tokenIds: readIds(batch.tokenIds), ...(attentionMask && { attentionMask }), length };
          const corrupted = options.corruption(rows, stream('corruption'));
          const tensor = (values: Int32Array, columns: number) => tf.tensor2d(values, [count, columns], 'int32');
          return {
            corruptedIds: tensor(corrupted.tokenIds, corrupted.length),
            corruptedMask: tensor(corrupted.attentionMask, corrupted.length),
            decoderIds: tensor(corrupted.decoderIds, corrupted.targetLength),
            ...choosePlaces(corrupted.labels),
          };
        },
        loss(_, { corruptedIds, corruptedMask, decoderIds, positions, labels }, context) {
          const memory = backbone.encode({ tokenIds: corruptedIds, attentionMask: corruptedMask }, applyOptions(context, 'encoder')); // [batch, kept, width]
          const decoded = { tokenIds: decoderIds, memory, memoryMask: corruptedMask }; // what fills up answers comes last, so no token sees it
          const hidden = decoder.decode(decoded, applyOptions(context, 'decoder')); // [batch, targetLength, width]
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
