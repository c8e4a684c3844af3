import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module } from '@selfsup/core';

/** What a normalization layer may be given beside its input. */
export interface NormApplyOptions<T extends tf.Tensor> extends ApplyOptions {
  /** Added to the normalized input, before the layer's activation; the shape of the input. */
  residual?: T;
}

/** A normalization layer: a module that also ends a residual block. */
export interface NormModule<T extends tf.Tensor> extends Module<T, T> {
  apply(input: T, options: NormApplyOptions<T>): T;
}

/** What a normalization layer may apply last. */
export type NormActivation = 'linear' | 'relu';

/** activation(normalized + residual), in plain operations. */
export function finishNorm<T extends tf.Tensor>(normalized: T, options: { activation: NormActivation; residual: T | undefined }): T {
  const { activation, residual } = options;
  const sum = residual ? tf.add<T>(normalized, residual) : normalized;
  return activation === 'relu' ? tf.relu(sum) : sum;
}
