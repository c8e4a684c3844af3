import type * as tf from '@tensorflow/tfjs-core';
import type { AttentionApplyOptions, AttentionModule } from './self-attention.ts';

/** A block of a transformer, which also shows what its second branch says. */
export interface TransformerModule extends AttentionModule {
  /**
   * Its output, and beside it what its two linear layers make before they are dropped, scaled and added: `feedForward` and `output` float32
   * `[batch, length, width]`.
   */
  states(input: tf.Tensor3D, options: AttentionApplyOptions): { feedForward: tf.Tensor3D; output: tf.Tensor3D };
}
