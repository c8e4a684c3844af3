import * as tf from '@tensorflow/tfjs-core';
import { joinVariables, SelfsupError, type ModuleFactory, type PretextTask, type Rng, type StepContext } from '@selfsup/core';
import { binaryAccuracy, binaryCrossEntropy, maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { checkTokens, withIds } from './check-tokens.ts';
import { fillInSamples, type FilledTargets } from './fill-in-samples.ts';
import { maskBatch, type MaskedTargets, type TokenMasking } from './token-masking.ts';
import type { TokenEncoder, TokenHead } from './token-networks.ts';

/** What {@link replacedToken} trains on: `tokenIds` int32 `[batch, length]`, and `attentionMask` and `segmentIds` of the same shape, if there are any. */
export type ReplacedTokenBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', tf.Tensor2D>>>;

/** The masked batch for the generator, the filled one for the discriminator. */
export type ReplacedTokenTargets = MaskedTargets & FilledTargets;

/** Options of {@link replacedToken}. */
export interface ReplacedTokenOptions<E extends TokenEncoder = TokenEncoder> {
  /** Makes the discriminator's encoder, which is kept. */
  backbone: (rng: Rng) => E;
  /** Makes the generator's encoder. It gets the backbone to share its embeddings, as published; what it shares must not be in its own `trainable`. */
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

/**
 * Replaced token detection, as ELECTRA: a small generator fills masked tokens in, and the encoder learns to tell for every token whether it was replaced.
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
  if (!(discriminatorWeight >= 0))
    throw new SelfsupError('SELFSUP_OPTION', `replaced-token: \`discriminatorWeight\` must be >= 0, got ${discriminatorWeight}`);
  const streamOf = ({ rng, step, collective }: StepContext) => rng.fold('replaced-token').fold(step).fold(collective.rank);
  return {
    api: 1,
    name: 'replaced-token',
    create({ rng: root }) {
      const backbone = options.backbone(root.fold('backbone'));
      const generator = options.generator(root.fold('generator'), backbone);
      const generatorHead = options.generatorHead(root.fold('generatorHead'));
      const discriminatorHead = options.discriminatorHead(root.fold('discriminatorHead'));
      const parts = { backbone, discriminatorHead, generator, generatorHead };
      const variables = (kind: 'trainable' | 'buffers') =>
        joinVariables(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part[kind]])));
      const generate = (batch: ReplacedTokenBatch, { tokenIds, positions }: MaskedTargets, context: StepContext) => {
        const hidden = generator.encode(withIds(batch, tokenIds), { training: context.training, rng: streamOf(context).fold('generator') });
        return generatorHead.predict(hidden, { positions, wordEmbedding: generator.wordEmbedding }); // [n, vocabularySize]
      };
      return {
        backbone,
        trainable: variables('trainable'),
        buffers: variables('buffers'),
        targets(batch, context) {
          checkTokens('replaced-token', batch);
          const masked = maskBatch(masking, batch.tokenIds, streamOf(context).fold('masking'));
          const logits = generate(batch, masked, context);
          return { ...masked, ...fillInSamples({ logits, masked, original: batch.tokenIds }, streamOf(context).fold('sample')) };
        },
        loss(batch, targets, context) {
          checkTokens('replaced-token', batch);
          const { labels, weights, filledIds, replaced } = targets;
          const logits = generate(batch, targets, context);
          const apply = { training: context.training, rng: streamOf(context).fold('discriminator') };
          const hidden = backbone.encode(withIds(batch, filledIds), apply); // [batch, length, width]
          const states = tf.reshape<tf.Rank.R2>(hidden, [replaced.size, hidden.shape[2]]);
          const odds = tf.reshape<tf.Rank.R1>(discriminatorHead.apply(states, apply), [replaced.size]);
          const real = batch.attentionMask && tf.cast<tf.Tensor1D>(tf.reshape<tf.Rank.R1>(batch.attentionMask, [-1]), 'float32');
          const counting = real ? { weights: real } : {};
          const generatorLoss = maskedCrossEntropy(logits, labels, { weights });
          const discriminatorLoss = binaryCrossEntropy(odds, replaced, counting);
          const metrics = {
            generatorLoss,
            discriminatorLoss,
            generatorAccuracy: maskedAccuracy(logits, labels, { weights }),
            discriminatorAccuracy: binaryAccuracy(odds, replaced, counting),
            replacedRecall: binaryAccuracy(odds, replaced, { weights: replaced }),
          };
          return { loss: tf.add<tf.Scalar>(generatorLoss, tf.mul(discriminatorLoss, discriminatorWeight)), metrics };
        },
        dispose() {
          for (const part of Object.values(parts)) part.dispose();
        },
      };
    },
  };
}
