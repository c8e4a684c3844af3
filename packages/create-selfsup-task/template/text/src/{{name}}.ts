import { drawUniform, joinVariables, SelfsupError, type ApplyOptions, type Module, type ModuleFactory, type PretextTask, type Rng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** Token ids int32 `[batch, length]`, and what belongs to them, of the same shape: 1 where there is a token and 0 where there is padding; segments. */
export type {{pascalName}}Batch = {
  readonly tokenIds: tf.Tensor2D;
  readonly attentionMask?: tf.Tensor2D | undefined;
  readonly segmentIds?: tf.Tensor2D | undefined;
};
/** The sequences as the encoder sees them, and 1 where a token was replaced, both `[batch, length]`. */
export type {{pascalName}}Targets = { readonly corruptedIds: tf.Tensor2D; readonly replaced: tf.Tensor2D };

/** An encoder of token sequences, such as `bert` of @selfsup/encoders. */
export interface TokenEncoder extends Module<tf.Tensor2D, tf.Tensor3D> {
  /** States `[batch, length, width]` of sequences. */
  encode(sequences: { tokenIds: tf.Tensor2D; attentionMask?: tf.Tensor2D; segmentIds?: tf.Tensor2D }, options: ApplyOptions): tf.Tensor3D;
}

/** Options of {@link {{camelName}}}. */
export interface {{pascalName}}Options {
  /** The encoder that is kept after pretraining. */
  backbone: (rng: Rng) => TokenEncoder;
  /** From states `[n, width]` to the log-odds `[n, 1]` that a token was replaced. */
  head: ModuleFactory<tf.Tensor2D, tf.Tensor2D>;
  /** Token ids are below it. */
  vocabularySize: number;
  /** The part of the tokens that is replaced, in (0, 1); default 0.15. */
  replaceRate?: number;
}

/**
 * {{title}}: some tokens are replaced by random ones, and the encoder learns to find them.
 *
 * A working start. Replace the objective by your own idea; the phases stay: `targets` (no gradients: masks, corruption, a teacher) → `loss` → `afterStep`
 * (optional: moving averages, queues). A task whose samples meet in the loss, as in contrastive learning, also has `embed`; its `loss` then gets the embeddings
 * of the whole update.
 */
export function {{camelName}}(options: {{pascalName}}Options): PretextTask<{{pascalName}}Batch, {{pascalName}}Targets> {
  const { vocabularySize, replaceRate = 0.15 } = options;
  if (!(replaceRate > 0 && replaceRate < 1))
    throw new SelfsupError('SELFSUP_OPTION', `{{name}}: \`replaceRate\` must be a number in (0, 1), got ${replaceRate}`);
  return {
    api: 1,
    name: '{{name}}',
    create({ rng }) {
      const backbone = options.backbone(rng.fold('backbone'));
      const head = options.head(rng.fold('head'));
      return {
        encoders: { backbone },
        trainable: joinVariables({ backbone: backbone.trainable, head: head.trainable }),
        buffers: joinVariables({ backbone: backbone.buffers, head: head.buffers }),
        // no tape here: what the loss needs and does not differentiate; streams make every draw repeatable
        targets({ tokenIds, attentionMask }, { stream }) {
          const uniform = (name: string) => tf.tensor2d(drawUniform(stream(name), tokenIds.size), tokenIds.shape);
          const chosen = tf.less(uniform('places'), replaceRate);
          const places = attentionMask ? tf.logicalAnd(chosen, tf.cast(attentionMask, 'bool')) : chosen;
          const random = tf.cast<tf.Tensor2D>(tf.floor(tf.mul(uniform('tokens'), vocabularySize)), 'int32');
          const corruptedIds = tf.where<tf.Tensor2D>(places, random, tokenIds);
          return { corruptedIds, replaced: tf.cast<tf.Tensor2D>(tf.notEqual(corruptedIds, tokenIds), 'float32') };
        },
        loss({ attentionMask, segmentIds }, { corruptedIds, replaced }, { training, synchronize, stream }) {
          const sequences = { tokenIds: corruptedIds, ...(attentionMask && { attentionMask }), ...(segmentIds && { segmentIds }) };
          const states = backbone.encode(sequences, { training, synchronize, rng: stream('backbone') }); // [batch, length, width]
          const rows = tf.reshape<tf.Rank.R2>(states, [corruptedIds.size, states.shape[2]]);
          const logits = tf.reshape(head.apply(rows, { training, synchronize, rng: stream('head') }), corruptedIds.shape); // [batch, length]
          const real = attentionMask ? tf.cast(attentionMask, 'float32') : tf.onesLike(replaced);
          const crossEntropy = tf.sub(tf.softplus(logits), tf.mul(replaced, logits));
          const found = tf.cast(tf.greater(logits, 0), 'float32');
          return {
            loss: weightedMean(crossEntropy, real),
            weight: tf.sum<tf.Scalar>(real), // among micro-batches and ranks, each counts by its tokens
            metrics: {
              accuracy: weightedMean(tf.cast(tf.equal(found, replaced), 'float32'), real),
              recall: weightedMean(found, replaced), // how many of the replaced tokens are found
            },
          };
        },
        dispose() {
          backbone.dispose();
          head.dispose();
        },
      };
    },
  };
}

/** 0 where all weights are. */
const weightedMean = (values: tf.Tensor, weights: tf.Tensor): tf.Scalar =>
  tf.div<tf.Scalar>(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(weights), 1));
