import type { ApplyOptions, Module, VariableMap } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';

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
