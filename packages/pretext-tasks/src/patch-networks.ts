import type { ApplyOptions, Module, VariableMap } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';

/** What the tasks on masked images need of a backbone; `vit` of @selfsup/encoders makes one. */
export interface PatchEncoder extends Module<tf.Tensor4D, tf.Tensor2D> {
  /** Height and width of a patch in pixels. */
  readonly patchSize: number;
  /**
   * The states float32 `[n, 1 + kept, width]`, the class token's first: of the patches `keep` int32 `[n, kept]`, or of all where a mask token stands for those
   * with 1 in `mask` float32 `[n, length]`.
   */
  encode(
    input: { readonly images: tf.Tensor4D; readonly keep?: tf.Tensor2D; readonly mask?: tf.Tensor2D },
    options: ApplyOptions,
  ): tf.Tensor3D;
}

/** Of which blocks of a transformer states are wanted, and which of their states: of the whole block, or of its two linear layers alone. */
export interface BlockOptions extends ApplyOptions {
  /** So many of the last blocks. */
  topBlocks: number;
  /** Default `'block'`. */
  part?: 'block' | 'feed-forward';
}

/** What `data2vec` needs of a backbone: one that also shows the states of its last blocks. */
export interface PatchBlockEncoder extends PatchEncoder {
  /** The states float32 `[n, 1 + length, width]` of the last blocks, the deepest last. */
  encodeBlocks(input: { readonly images: tf.Tensor4D }, options: BlockOptions): tf.Tensor3D[];
}

/** The states of patches alone, the last `count` of all, without the class token's. Internal. */
export function patchStates(states: tf.Tensor3D, count: number): tf.Tensor3D {
  const [n, tokens, width] = states.shape;
  return tf.slice(states, [0, tokens - count, 0], [n, count, width]);
}

/** What `mae` needs of a decoder; `maeDecoder` of @selfsup/encoders makes one. */
export interface PatchDecoder {
  /** What the optimizer updates. */
  readonly trainable: VariableMap;
  /** What else must survive a restart. */
  readonly buffers: VariableMap;
  /** The pixels float32 `[n, length, patchDim]` from the backbone's states and `restore` int32 `[n, length]`. */
  decode(tokens: tf.Tensor3D, restore: tf.Tensor2D, options: ApplyOptions): tf.Tensor3D;
  /** Disposes its variables. */
  dispose(): void;
}
