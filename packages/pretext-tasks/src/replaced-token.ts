import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module, ModuleFactory, PretextTask, Rng } from '@selfsup/core';
import { binaryAccuracy, binaryCrossEntropy, maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkWeights } from './check-options.ts';
import { checkTokens, withIds } from './check-tokens.ts';
import { fillInSamples, type FilledTargets } from './fill-in-samples.ts';
import { joinNetworks } from './join-networks.ts';
import { maskBatch, type MaskedTargets, type TokenMasking } from './token-masking.ts';
import type { TokenEncoder, TokenHead } from './token-networks.ts';

/** What {@link replacedToken} trains on: `tokenIds` int32 `[batch, length]`, and `attentionMask` and `segmentIds` of the same shape, if there are any. */
export type ReplacedTokenBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', tf.Tensor2D>>>;

/** The masked batch for the generator, the filled one for the discriminator. */
export type ReplacedTokenTargets = MaskedTargets & FilledTargets;

/** Options of {@link replacedToken}. */
export interface ReplacedTokenOptions<E extends TokenEncoder = TokenEncoder> {
  /** Makes the discriminator's backbone, which is kept. */
  backbone: (rng: Rng) => E;
  /** Makes the generator. It gets the backbone to share its embeddings, as published; what it shares must not be in its own `trainable`. */
  generator: (rng: Rng, backbone: E) => TokenEncoder;
  /** Makes the generator's head. */
  generatorHead: (rng: Rng) => TokenHead;
  /** Makes the discriminator's head: states `[n, width]` to the log-odds `[n, 1]` that a token was replaced. */
  discriminatorHead: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Hides tokens; `maskTokens` of @selfsup/augment, published with `maskFraction: 0.85, randomFraction: 0`. */
  masking: TokenMasking;
  /** The weight of the discriminator's loss beside the generator's; ≥ 0, default 50. */
  discriminatorWeight?: number;
}

/** Which tokens of the flattened `[batch · length]` count in a loss: all but padding. */
function realTokens({ attentionMask }: ReplacedTokenBatch): { weights?: tf.Tensor1D } {
  return attentionMask ? { weights: tf.cast(tf.reshape<tf.Rank.R1>(attentionMask, [-1]), 'float32') } : {};
}

/**
 * Replaced token detection, as ELECTRA: a small generator fills masked tokens in, and the backbone learns to tell for every token whether it was replaced.
 *
 * @param options see {@link ReplacedTokenOptions}
 * @returns the task; its variables lie under `backbone/` (the discriminator), `discriminatorHead/`, `generator/` and `generatorHead/`. The loss is the
 * generator's `maskedCrossEntropy` plus `discriminatorWeight` times the discriminator's `binaryCrossEntropy` over all tokens but padding. The metrics are both
 * losses, `generatorLoss` and `discriminatorLoss`, `generatorAccuracy` among the masked tokens, `discriminatorAccuracy` among all, and `replacedRecall`, how
 * many of the replaced ones are found
 * @throws SelfsupError `SELFSUP_OPTION` on a negative weight; from `targets` and `loss` `SELFSUP_BATCH` without `tokenIds`, `SELFSUP_SHAPE` and
 * `SELFSUP_DTYPE` when a tensor does not fit
 * @see Clark et al.: "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators", https://arxiv.org/abs/2003.10555
 * @remarks Samples are drawn in `targets`, without a tape: no gradient goes from the discriminator to the generator but through the embeddings that they share.
 * For that the generator runs forward twice, with the same dropout. A sample that is the original token counts as original.
 * @example
 * ```ts
 * import { maskTokens } from '@selfsup/augment';
 * import { gelu } from '@selfsup/core';
 * import { bert, linear, maskedLanguageHead, sequential, stateless } from '@selfsup/encoders';
 * import { replacedToken } from '@selfsup/pretext-tasks/replaced-token';
 * import type * as tf from '@tensorflow/tfjs-core';
 * const [vocabularySize, width] = [30522, 256];
 * const task = replacedToken({
 *   backbone: bert({ numLayers: 4, width, numHeads: 4 }),
 *   generator: bert({ numLayers: 4, width: 64, numHeads: 1, embeddingDim: width }), // shares the backbone's embeddings
 *   generatorHead: maskedLanguageHead({ width: 64, vocabularySize, embeddingDim: width }),
 *   discriminatorHead: sequential({
 *     dense: linear({ inputDim: width, outputDim: width }),
 *     gelu: stateless((x: tf.Tensor2D) => gelu(x)),
 *     output: linear({ inputDim: width, outputDim: 1 }),
 *   }),
 *   masking: maskTokens({ vocabularySize, maskId: 103, paddingId: 0, specialIds: [100, 101, 102], maskFraction: 0.85, randomFraction: 0 }),
 * });
 * console.log(task.name);
 * ```
 */
export function replacedToken<E extends TokenEncoder>(
  options: ReplacedTokenOptions<E>,
): PretextTask<ReplacedTokenBatch, ReplacedTokenTargets> {
  const { masking, discriminatorWeight = 50 } = options;
  checkWeights('replaced-token', { discriminatorWeight });
  return {
    api: 1,
    name: 'replaced-token',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const generator = options.generator(rng.fold('generator'), backbone);
      const generatorHead = options.generatorHead(rng.fold('generatorHead'));
      const discriminatorHead: Module<tf.Tensor2D, tf.Tensor2D> = options.discriminatorHead(rng.fold('discriminatorHead'));
      const generate = (batch: ReplacedTokenBatch, { tokenIds, positions }: MaskedTargets, apply: ApplyOptions) => {
        const hidden = generator.encode(withIds(batch, tokenIds), apply); // [batch, length, generator's width]
        return generatorHead.predict(hidden, { positions, wordEmbedding: generator.wordEmbedding }); // [n, vocabularySize]
      };
      const discriminate = (batch: ReplacedTokenBatch, filledIds: tf.Tensor2D, apply: ApplyOptions) => {
        const hidden = backbone.encode(withIds(batch, filledIds), apply); // [batch, length, width]
        const states = tf.reshape<tf.Rank.R2>(hidden, [filledIds.size, hidden.shape[2]]);
        return tf.reshape<tf.Rank.R1>(discriminatorHead.apply(states, apply), [filledIds.size]); // log-odds [batch · length]
      };
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, discriminatorHead, generator, generatorHead }),
        targets(batch, context) {
          checkTokens('replaced-token', batch);
          const masked = maskBatch(masking, batch.tokenIds, context.stream('masking'));
          const logits = generate(batch, masked, applyOptions(context, 'generator')); // with the dropout that the loss will have
          return { ...masked, ...fillInSamples({ logits, masked, original: batch.tokenIds }, context.stream('sample')) };
        },
        loss(batch, targets, context) {
          checkTokens('replaced-token', batch);
          const { labels, weights, filledIds, replaced } = targets;
          const logits = generate(batch, targets, applyOptions(context, 'generator'));
          const odds = discriminate(batch, filledIds, applyOptions(context, 'discriminator'));
          const counting = realTokens(batch);
          const generatorLoss = maskedCrossEntropy(logits, labels, { weights });
          const discriminatorLoss = binaryCrossEntropy(odds, replaced, counting);
          return {
            loss: tf.add<tf.Scalar>(generatorLoss, tf.mul(discriminatorLoss, discriminatorWeight)),
            weight: tf.sum<tf.Scalar>(weights),
            metrics: {
              generatorLoss,
              discriminatorLoss,
              generatorAccuracy: maskedAccuracy(logits, labels, { weights }),
              discriminatorAccuracy: binaryAccuracy(odds, replaced, counting),
              replacedRecall: binaryAccuracy(odds, replaced, { weights: replaced }),
            },
          };
        },
      };
    },
  };
}
