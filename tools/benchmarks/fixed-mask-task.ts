import { joinVariables, softmaxCrossEntropy, type PretextTask } from '@selfsup/core';
import { maskedLanguageHead, type BertFactory } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';

/** Sequences that were corrupted already, the positions to predict as indices into the flattened batch, and the words that stood there; all int32. */
export type FixedMaskBatch = Readonly<{ tokenIds: tf.Tensor2D; positions: tf.Tensor1D; labels: tf.Tensor1D }>;

/**
 * Masked language modeling with the least around it: the mean cross entropy at positions that the batch names, as in torch_mlm.py.
 *
 * @param encoder the backbone
 * @returns the task
 */
export function fixedMaskTask(encoder: BertFactory): PretextTask<FixedMaskBatch> {
  return {
    api: 1,
    name: 'fixed-mask',
    create({ rng }) {
      const backbone = encoder(rng.fold('backbone'));
      const head = maskedLanguageHead({ width: encoder.outputDim, vocabularySize: encoder.vocabularySize })(rng.fold('head'));
      return {
        encoders: { backbone },
        trainable: joinVariables({ backbone: backbone.trainable, head: head.trainable }),
        buffers: {},
        loss({ tokenIds, positions, labels }, _, { training, stream }) {
          const hidden = backbone.apply(tokenIds, { training, rng: stream('backbone') });
          const logits = head.predict(hidden, { positions, wordEmbedding: backbone.wordEmbedding }); // [n, vocabularySize]
          return { loss: tf.mean<tf.Scalar>(softmaxCrossEntropy(logits, labels)) };
        },
        dispose() {
          backbone.dispose();
          head.dispose();
        },
      };
    },
  };
}
