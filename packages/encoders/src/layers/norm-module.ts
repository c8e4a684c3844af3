import * as tf from '@tensorflow/tfjs-core';
import type { ApplyOptions, Module } from '@selfsup/core';

/** What a normalisation layer may be given beside its input. */
export interface NormApplyOptions<T extends tf.Tensor> extends ApplyOptions {
  /** Added to the normalised input, before the layer's activation; the shape of the input. */
  residual?: T;
}

/** A normalisation layer: a module that also ends a residual block. */
export interface NormModule<T extends tf.Tensor> extends Module<T, T> {
  apply(input: T, options: NormApplyOptions<T>): T;
}

/** What a normalisation layer may apply last. */
export type NormActivation = 'linear' | 'relu';

/** activation(normalised + residual), in plain operations. */
export function finishNorm<T extends tf.Tensor>(normalised: T, options: { activation: NormActivation; residual: T | undefined }): T {
  const { activation, residual } = options;
  const sum = residual ? tf.add<T>(normalised, residual) : normalised;
  return activation === 'relu' ? tf.relu(sum) : sum;
}
