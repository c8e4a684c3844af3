import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError, type PretextTask, type Rng, type Targets } from '@selfsup/core';
import { maskedAccuracy, maskedCrossEntropy } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkTokens } from './check-tokens.ts';
import { joinNetworks } from './join-networks.ts';
import type { TokenEncoder, TokenHead } from './token-networks.ts';

/** What {@link nextToken} trains on: `tokenIds` int32 `[batch, length ≥ 2]`, and `attentionMask` `[batch, length]`, 0 at padding, if there is any. */
export type NextTokenBatch = Readonly<Record<'tokenIds', tf.Tensor2D> & Partial<Record<'attentionMask', tf.Tensor2D>>>;

/** Options of {@link nextToken}. */
export interface NextTokenOptions {
  /** Makes the backbone, which is kept; it must take an attention mask by query. */
  backbone: (rng: Rng) => TokenEncoder;
  /** Makes the head that predicts tokens. */
  head: (rng: Rng) => TokenHead;
}

/** `[1, length, length]`: each query sees itself and what is before it; with a mask of keys `[batch, length, length]`. */
function causalMask(length: number, keys: tf.Tensor2D | undefined): tf.Tensor3D {
  const places = tf.range(0, length, 1, 'int32');
  const causal = tf.cast(tf.lessEqual(tf.reshape(places, [1, 1, length]), tf.reshape(places, [1, length, 1])), 'float32');
  return (keys ? tf.mul(causal, tf.expandDims(keys, 1)) : causal) as tf.Tensor3D;
}

/** Where the token stands in whose state the next one is predicted: every place of a sequence but its last, `[batch · (length − 1)]`. */
function predictingPlaces(batch: number, length: number): tf.Tensor1D {
  const each = length - 1;
  return tf.tensor1d(
    Int32Array.from({ length: batch * each }, (_, i) => Math.floor(i / each) * length + (i % each)),
    'int32',
  );
}

/**
 * Causal language modeling, as GPT: the backbone learns to say which token comes next, from those before it.
 *
 * @param options see {@link NextTokenOptions}
 * @returns the task; its variables lie under `backbone/` and `head/`. The loss is the mean cross entropy of each token but the first of its sequence, in nats:
 * its exponential is the perplexity. The metric is `accuracy`
 * @throws SelfsupError from `loss` `SELFSUP_BATCH` without `tokenIds`, `SELFSUP_SHAPE` and `SELFSUP_DTYPE` when a tensor does not fit
 * @see Radford et al.: "Improving Language Understanding by Generative Pre-Training", section 3.1,
 * https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf
 * @remarks The same blocks as BERT's with a triangular attention mask; the first GPT too normalizes after the additions. Afterwards the backbone's states are
 * causal only under such a mask. Unlike masked language modeling all tokens are predicted, which takes a product of all states with the vocabulary.
 * @example
 * ```ts
 * import { bertTiny, maskedLanguageHead } from '@selfsup/encoders';
 * import { nextToken } from '@selfsup/pretext-tasks/next-token';
 * const backbone = bertTiny({ vocabularySize: 4000 });
 * const task = nextToken({ backbone, head: maskedLanguageHead({ width: backbone.outputDim, vocabularySize: 4000 }) });
 * console.log(task.name);
 * ```
 */
export function nextToken(options: NextTokenOptions): PretextTask<NextTokenBatch> {
  return {
    api: 1,
    name: 'next-token',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        ...joinNetworks({ backbone, head }),
        loss(batch: NextTokenBatch, _: Targets, context) {
          checkTokens('next-token', batch);
          const { tokenIds, attentionMask } = batch;
          const [count, length] = tokenIds.shape;
          if (length < 2)
            throw new SelfsupError(
              'SELFSUP_SHAPE',
              `next-token: \`tokenIds\` must have shape [batch, length >= 2], got [${count}, ${length}]`,
            );
          const apply = applyOptions(context, 'networks');
          const keys = attentionMask && tf.cast<tf.Tensor2D>(attentionMask, 'float32');
          const hidden = backbone.encode({ tokenIds, attentionMask: causalMask(length, keys) }, apply); // [batch, length, width]
          const logits = head.predict(hidden, { positions: predictingPlaces(count, length), wordEmbedding: backbone.wordEmbedding });
          const part = (x: tf.Tensor2D, from: 0 | 1) => tf.reshape<tf.Rank.R1>(tf.slice(x, [0, from], [count, length - 1]), [-1]);
          const labels = part(tokenIds, 1); // [batch * (length - 1)]
          const weighting: { weights?: tf.Tensor1D } = keys ? { weights: tf.mul<tf.Tensor1D>(part(keys, 0), part(keys, 1)) } : {}; // both tokens must be real
          return {
            loss: maskedCrossEntropy(logits, labels, weighting),
            metrics: { accuracy: maskedAccuracy(logits, labels, weighting) },
            ...(weighting.weights && { weight: tf.sum<tf.Scalar>(weighting.weights) }),
          };
        },
      };
    },
  };
}
