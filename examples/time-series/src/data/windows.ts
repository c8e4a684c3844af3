import * as tf from '@tensorflow/tfjs-core';
import type { Rows } from '@selfsup/data';

/** Windows of recordings, outside the backend. */
export interface Windows extends Rows {
  /** Row by row, in the unit of the sensor or normalized. */
  readonly values: Float32Array;
  readonly shape: readonly [n: number, length: number, channels: number];
}

/**
 * Windows as encoders and tasks take them: images of one row, so that whatever is built for images runs on them, too.
 *
 * @param windows `[n, length, channels]`
 * @returns float32 `[n, 1, length, channels]`
 */
export const toTensor = ({ values, shape: [n, length, channels] }: Windows): tf.Tensor4D => tf.tensor4d(values, [n, 1, length, channels]);

/**
 * Subtracts the mean of each channel and divides by its deviation.
 *
 * @param windows in the unit of the sensor
 * @param input one number per channel each
 * @returns new windows
 */
export function normalizeWindows(windows: Windows, { mean, std }: { mean: readonly number[]; std: readonly number[] }): Windows {
  const channels = windows.shape[2];
  return { ...windows, values: windows.values.map((value, i) => (value - mean[i % channels]!) / std[i % channels]!) };
}
