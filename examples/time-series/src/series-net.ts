import { SelfsupError, type ApplyOptions, type Module, type Rng } from '@selfsup/core';
import { batchNorm, groupNorm, sequential, type Layer } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { conv1d } from './conv-1d.ts';

/** An encoder of windows that also gives features of each place in time. */
export interface SeriesEncoder extends Module<tf.Tensor4D, tf.Tensor2D> {
  /** `[n, 1, length, channels]` to the features of each place before their mean, `[n, 1, length / stride, outputDim]`. */
  encodePlaces(windows: tf.Tensor4D, options: ApplyOptions): tf.Tensor4D;
}

/** Makes encoders of windows. */
export interface SeriesEncoderFactory {
  (rng: Rng): SeriesEncoder;
  /** Columns of the features. */
  readonly outputDim: number;
  /** Time steps from one place to the next. */
  readonly stride: number;
}

/** Options of {@link seriesNet}. */
export interface SeriesNetOptions {
  /** Channels of the windows, ≥ 1. */
  channels: number;
  /** Channels after each convolution, at least one; default [32, 64, 128]. */
  widths?: readonly number[];
  /** Time steps of each kernel, ≥ 1; default 7. */
  kernelSize?: number;
  /** `batch` (default): statistics of the batch; `group`: of groups of channels of each window. */
  norm?: 'batch' | 'group';
  /** Groups of channels of `group`; must divide every width; default 8. */
  numGroups?: number;
}

/**
 * A convolutional encoder of time series: per width a convolution that halves the time steps, a normalization and a ReLU; then the mean over time.
 *
 * @param options see {@link SeriesNetOptions}
 * @returns a factory of encoders from `[n, 1, length, channels]` to `[n, outputDim]`, with the paths `conv1/kernel`, `norm1/scale`, `norm1/offset`, …
 * @throws SelfsupError `SELFSUP_OPTION` without a width, or when groups do not divide one; from `apply` `SELFSUP_SHAPE`
 */
export function seriesNet(options: SeriesNetOptions): SeriesEncoderFactory {
  const { channels, widths = [32, 64, 128], kernelSize = 7, norm = 'batch', numGroups = 8 } = options;
  if (widths.length === 0) throw new SelfsupError('SELFSUP_OPTION', 'seriesNet: `widths` must hold at least one width, got none');
  const layers: Record<string, Layer> = {};
  for (const [i, width] of widths.entries()) {
    layers[`conv${i + 1}`] = conv1d({ inChannels: i === 0 ? channels : widths[i - 1]!, filters: width, kernelSize, stride: 2 });
    layers[`norm${i + 1}`] =
      norm === 'batch'
        ? batchNorm<tf.Tensor4D>({ channels: width, activation: 'relu' })
        : groupNorm({ channels: width, numGroups, activation: 'relu' });
  }
  const network = sequential<tf.Tensor4D, tf.Tensor4D>(layers);
  const create = (rng: Rng): SeriesEncoder => {
    const module = network(rng);
    const encodePlaces: SeriesEncoder['encodePlaces'] = (windows, apply) => module.apply(windows, apply);
    return {
      ...module,
      encodePlaces,
      apply: (windows, apply) => tf.tidy(() => tf.mean<tf.Tensor2D>(encodePlaces(windows, apply), [1, 2])), // [n, outputDim]
    };
  };
  return Object.assign(create, { outputDim: widths.at(-1)!, stride: 2 ** widths.length });
}
