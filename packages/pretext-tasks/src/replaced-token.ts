import * as tf from '@tensorflow/tfjs-core';
import { type PretextTask } from '@selfsup/core';
import { binaryAccuracy, binaryCrossEntropy, maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { checkWeights } from './check-options.ts';
import { checkTokens, realTokens } from './check-tokens.ts';
import { createDiscriminatorNetworks, type DiscriminatorFactories } from './discriminator-networks.ts';
import { fillInSamples, type FilledTargets } from './fill-in-samples.ts';
import { applyOptions, stepStream } from './step-stream.ts';
import { maskBatch, type MaskedTargets, type TokenMasking } from './token-masking.ts';
import type { TokenEncoder } from './token-networks.ts';

/** What {@link replacedToken} trains on: `tokenIds` int32 `[batch, length]`, and `attentionMask` and `segmentIds` of the same shape, if there are any. */
export type ReplacedTokenBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', tf.Tensor2D>>>;

/** The masked batch for the generator, the filled one for the discriminator. */
export type ReplacedTokenTargets = MaskedTargets & FilledTargets;

/** Options of {@link replacedToken}. */
export interface ReplacedTokenOptions<E extends TokenEncoder = TokenEncoder> extends DiscriminatorFactories<E> {
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
  checkWeights('replaced-token', { discriminatorWeight });
  return {
    api: 1,
    name: 'replaced-token',
    create({ rng: root }) {
      const networks = createDiscriminatorNetworks(options, root);
      return {
        backbone: networks.backbone,
        ...networks.variables,
        targets(batch, context) {
          checkTokens('replaced-token', batch);
          const stream = stepStream('replaced-token', context);
          const masked = maskBatch(masking, batch.tokenIds, stream.fold('masking'));
          const logits = networks.generate(batch, masked, applyOptions('replaced-token', context)('generator'));
          return { ...masked, ...fillInSamples({ logits, masked, original: batch.tokenIds }, stream.fold('sample')) };
        },
        loss(batch, targets, context) {
          checkTokens('replaced-token', batch);
          const { labels, weights, filledIds, replaced } = targets;
          const apply = applyOptions('replaced-token', context);
          const logits = networks.generate(batch, targets, apply('generator')); // [n, vocabularySize]
          const odds = networks.discriminate(batch, filledIds, apply('discriminator')); // [batch · length]
          const counting = realTokens(batch);
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
        dispose: networks.dispose,
      };
    },
  };
}
