import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkTokens, withIds } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import { maskBatch, type MaskedTargets, type TokenMasking } from './token-masking.ts';
import type { TokenEncoder, TokenHead } from './token-networks.ts';

/**
 * What {@link maskedLanguage} trains on: `tokenIds` int32 `[batch, length]`, not yet masked; `attentionMask` `[batch, length]`, 0 at padding, and
 * `segmentIds` int32 `[batch, length]`, if there are any; `nextSentence` int32 `[batch]` for the prediction of the next sentence, 0 where the second segment
 * follows the first and 1 where it does not.
 */
export type MaskedLanguageBatch = Readonly<
  Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask' | 'segmentIds', tf.Tensor2D> & Record<'nextSentence', tf.Tensor1D>>
>;

/** Options of {@link maskedLanguage}. */
export interface MaskedLanguageOptions {
  /** Makes the backbone, which is kept. */
  backbone: (rng: Rng) => TokenEncoder;
  /** Makes the head that predicts the hidden tokens. */
  head: (rng: Rng) => TokenHead;
  /** Hides tokens; `maskTokens` of @selfsup/augment. */
  masking: TokenMasking;
  /** Makes the head that tells from the first token's state `[batch, width]` whether the second segment follows the first, as logits `[batch, 2]`. */
  nextSentenceHead?: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
}

/** Throws unless there is a label int32 `[batch]` for each sequence. */
function checkNextSentence(tokenIds: tf.Tensor2D, labels: tf.Tensor1D | undefined): tf.Tensor1D {
  const batch = tokenIds.shape[0];
  if (!labels)
    throw new SelfsupError(
      'SELFSUP_BATCH',
      `masked-language: the batch must have \`nextSentence\`, int32 [${batch}], for its head, got undefined`,
    );
  if (labels.rank !== 1 || labels.shape[0] !== batch)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `masked-language: \`nextSentence\` must have shape [${batch}], got [${labels.shape.join(', ')}]`,
    );
  if (labels.dtype !== 'int32')
    throw new SelfsupError('SELFSUP_DTYPE', `masked-language: \`nextSentence\` must be int32, got ${labels.dtype}`);
  return labels;
}

/**
 * Masked language modeling, as BERT: the backbone learns to say which tokens were hidden, from both sides of them.
 *
 * @param options see {@link MaskedLanguageOptions}
 * @returns the task; its variables lie under `backbone/`, `head/` and `nextSentenceHead/`. The loss is `maskedCrossEntropy` at the hidden tokens, plus the
 * cross entropy of the next sentence if there is a head for it. The metrics are `maskedLoss`, whose exponential is the perplexity, `accuracy` among the hidden
 * tokens, and `nextSentenceLoss` and `nextSentenceAccuracy`
 * @throws SelfsupError from `targets` and `loss` `SELFSUP_BATCH` when a tensor is missing, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when one does not fit
 * @see Devlin et al.: "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", https://arxiv.org/abs/1810.04805
 * @remarks Each step draws a mask of its own, where google-research/bert repeats masks drawn beforehand. Logits are computed at the hidden tokens only, and
 * `segmentIds` and `nextSentence` are not needed without that head, as in RoBERTa. Evaluation masks too, by the step's stream. Micro-batches and
 * ranks are averaged with the number of their hidden tokens as weights, so that they make the update of the whole batch; the loss of the next sentence is, too.
 * @example
 * ```ts
 * import { maskTokens } from '@selfsup/augment';
 * import { bertTiny, maskedLanguageHead } from '@selfsup/encoders';
 * import { maskedLanguage } from '@selfsup/pretext-tasks/masked-language';
 * const backbone = bertTiny();
 * const task = maskedLanguage({
 *   backbone,
 *   head: maskedLanguageHead({ width: backbone.outputDim, vocabularySize: backbone.vocabularySize }),
 *   masking: maskTokens({ vocabularySize: backbone.vocabularySize, maskId: 103, paddingId: 0, specialIds: [100, 101, 102] }),
 * });
 * console.log(task.name);
 * ```
 */
export function maskedLanguage(options: MaskedLanguageOptions): PretextTask<MaskedLanguageBatch, MaskedTargets> {
  return {
    api: 1,
    name: 'masked-language',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      const nextSentenceHead = options.nextSentenceHead?.(rng.fold('nextSentenceHead'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head, ...(nextSentenceHead && { nextSentenceHead }) }),
        targets(batch, { stream }) {
          checkTokens('masked-language', batch);
          return maskBatch(options.masking, batch.tokenIds, stream('masking'));
        },
        loss(batch, { tokenIds, positions, labels, weights }, context) {
          checkTokens('masked-language', batch);
          const apply = applyOptions(context, 'networks');
          const hidden = backbone.encode(withIds(batch, tokenIds), apply); // [batch, length, width]
          const logits = head.predict(hidden, { positions, wordEmbedding: backbone.wordEmbedding }); // [n, vocabularySize]
          const maskedLoss = maskedCrossEntropy(logits, labels, { weights });
          const metrics = { maskedLoss, accuracy: maskedAccuracy(logits, labels, { weights }) };
          const weight = tf.sum<tf.Scalar>(weights); // micro-batches and ranks count by their hidden tokens
          if (!nextSentenceHead) return { loss: maskedLoss, metrics, weight };
          const answers = checkNextSentence(tokenIds, batch.nextSentence);
          const [count, , width] = hidden.shape;
          const first = tf.reshape<tf.Rank.R2>(tf.slice(hidden, [0, 0, 0], [count, 1, width]), [count, width]);
          const choices = nextSentenceHead.apply(first, apply); // [batch, 2]
          const nextSentenceLoss = maskedCrossEntropy(choices, answers);
          const nextSentenceAccuracy = maskedAccuracy(choices, answers);
          const loss = tf.add<tf.Scalar>(maskedLoss, nextSentenceLoss);
          return { loss, metrics: { ...metrics, nextSentenceLoss, nextSentenceAccuracy }, weight };
        },
      };
    },
  };
}
