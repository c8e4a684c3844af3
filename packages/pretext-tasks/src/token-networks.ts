import type { ApplyOptions, Module, VariableMap } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { BlockOptions } from './patch-networks.ts';

/** Token sequences as a {@link TokenEncoder} takes them. */
export interface EncodedSequences {
  /** int32 `[batch, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /** `[batch, length]`, 1 for a token and 0 for padding; or `[batch or 1, queries, keys]`, 1 where the query sees the key. */
  readonly attentionMask?: tf.Tensor2D | tf.Tensor3D;
  /** int32 `[batch, length]`. */
  readonly segmentIds?: tf.Tensor2D;
}

/** What the tasks on text need of a backbone; `bert` of @selfsup/encoders makes one. */
export interface TokenEncoder extends Module<tf.Tensor2D, tf.Tensor3D> {
  /** `[vocabularySize, embeddingDim]`, to which a {@link TokenHead} is tied. */
  readonly wordEmbedding: tf.Variable<tf.Rank.R2>;
  /** The hidden states float32 `[batch, length, width]`. */
  encode(sequences: EncodedSequences, options: ApplyOptions): tf.Tensor3D;
}

/** What `data2vec-text` needs of a backbone: one that also shows the states of its last blocks. */
export interface TokenBlockEncoder extends TokenEncoder {
  /** The states float32 `[batch, length, width]` of the last blocks, the deepest last. */
  encodeBlocks(sequences: EncodedSequences, options: BlockOptions): tf.Tensor3D[];
}

/** What the tasks on text need of the head that predicts tokens; `maskedLanguageHead` of @selfsup/encoders makes one. */
export interface TokenHead {
  /** Its own variables, without the word embedding. */
  readonly trainable: VariableMap;
  /** What else must survive a restart. */
  readonly buffers: VariableMap;
  /** The logits float32 `[n, vocabularySize]` at positions of the flattened `[batch · length]`. */
  predict(hidden: tf.Tensor3D, prediction: { readonly positions: tf.Tensor1D; readonly wordEmbedding: tf.Tensor2D }): tf.Tensor2D;
  /** Disposes its own variables. */
  dispose(): void;
}

/** What a {@link TokenDecoder} reads. */
export interface DecodedSequences {
  /** int32 `[batch, length]`. */
  readonly tokenIds: tf.Tensor2D;
  /** `[batch, length]`, 1 for a token and 0 for padding. */
  readonly attentionMask?: tf.Tensor2D;
  /** float32 `[batch, keys, width]`: what the encoder says. */
  readonly memory: tf.Tensor3D;
  /** `[batch, keys]`, 1 where there is something to attend to. */
  readonly memoryMask?: tf.Tensor2D;
}

/** What the tasks on text that say whole sequences need of a decoder; `bertDecoder` of @selfsup/encoders makes one. */
export interface TokenDecoder {
  /** Its own variables, without those it shares with the encoder. */
  readonly trainable: VariableMap;
  /** What else must survive a restart. */
  readonly buffers: VariableMap;
  /** The hidden states float32 `[batch, length, width]`, each of its token, those before it and the memory. */
  decode(tokens: DecodedSequences, options: ApplyOptions): tf.Tensor3D;
  /** Disposes its own variables. */
  dispose(): void;
}
