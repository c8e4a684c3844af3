import type { Rng } from '@selfsup/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { MappedEncoder, MappedEncoderFactory } from './mapped-encoder.ts';

/** A kernel that reads square patches, as {@link startFromPatches} sees it. */
export interface PatchKernel {
  /** Path of the kernel in `trainable`: `[size, size, channels, filters]`, or `[size²·channels, filters]` in the same order. */
  readonly kernel: string;
  /** Path of its bias, should it have one. */
  readonly bias?: string;
  /** Path of the running statistics that follow it, `mean` and `variance` under it, should there be any. */
  readonly statistics?: string;
  /** Height and width of the patches in pixels of what the kernel reads. */
  readonly size: number;
  /** Zeros that lie around what it reads, in pixels: patches are taken from there, too. */
  readonly padding: number;
  /** What the kernel reads, float32 `[n, height, width, channels]`: from the responses of the kernel before it, the first one from the images. */
  inputs(previous: tf.Tensor4D): tf.Tensor4D;
  /** What the kernel says about what it reads, before any normalization. */
  responses(inputs: tf.Tensor4D): tf.Tensor4D;
}

/** An encoder whose kernels {@link startFromPatches} can set. */
export interface PatchEncoder extends MappedEncoder {
  /** The kernels that can start from patches, in the order in which they run. */
  readonly patchKernels: readonly PatchKernel[];
}

/** Makes {@link PatchEncoder}s. */
export interface PatchEncoderFactory extends MappedEncoderFactory {
  (rng: Rng): PatchEncoder;
}
