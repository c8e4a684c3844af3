import type { Rng } from '@selfsup/core';
import type { Windows } from '../data/windows.ts';

/** Changes a batch of windows; what it draws depends on the stream alone. It leaves its input as it is. */
export type SeriesTransform = (windows: Windows, rng: Rng) => Windows;

/** What makes views is told about the windows. */
export interface SeriesViewsContext {
  /** Time steps of a window. */
  readonly length: number;
  readonly channels: number;
  /** Per channel, in the unit of the sensor. */
  readonly mean: readonly number[];
  /** Per channel, > 0. */
  readonly std: readonly number[];
}

/** Makes what gives one view of windows in the unit of the sensor; it must normalize with mean and std. The function `views` of a config is one. */
export type SeriesViews = (context: SeriesViewsContext) => SeriesTransform;

/**
 * One transform after the other, each with a stream of its own.
 *
 * @param transforms in order
 * @returns the whole
 */
export function composeSeries(transforms: readonly SeriesTransform[]): SeriesTransform {
  return (windows, rng) => transforms.reduce((seen, transform, i) => transform(seen, rng.fold(i)), windows);
}
