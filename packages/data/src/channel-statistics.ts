import { printable, SelfsupError } from '@selfsup/core';
import type { ImageDataset } from './image-dataset.ts';

/** Options of {@link channelStatistics}. */
export interface ChannelStatisticsOptions {
  /** At most how many images are read, spread evenly over the data set; default 10,000, ≥ 1. */
  sample?: number;
}

/** What {@link channelStatistics} gives: one number per channel, for pixels in [0, 1]. */
export interface ChannelStatistics {
  /** `[channels]`. */
  readonly mean: number[];
  /** `[channels]`: the population standard deviation over all pixels. */
  readonly std: number[];
}

const CHUNK = 512;

/**
 * Measures the mean and standard deviation of each color channel, for `normalize`.
 *
 * @param dataset the images
 * @param options `sample`
 * @returns `mean` and `std` by channel over pixels in [0, 1]; exact sums, so the result does not depend on the order
 * @throws SelfsupError `SELFSUP_OPTION` on a sample below 1; `SELFSUP_DATA` when not one image could be read
 * @example
 * ```ts
 * import { channelStatistics, shapes } from '@selfsup/data';
 * const { mean, std } = await channelStatistics(shapes({ count: 100, seed: 0 }));
 * console.log(mean.length, std.length); // 3 3
 * ```
 */
export async function channelStatistics(dataset: ImageDataset, options: ChannelStatisticsOptions = {}): Promise<ChannelStatistics> {
  const { sample = 10_000 } = options;
  if (!Number.isInteger(sample) || sample < 1)
    throw new SelfsupError('SELFSUP_OPTION', `channelStatistics: \`sample\` must be an integer >= 1, got ${sample}`);
  const count = Math.min(sample, dataset.length);
  const { channels } = dataset;
  const sums = new Float64Array(channels); // sums of integers below 2^53 are exact
  const squares = new Float64Array(channels);
  let pixels = 0;
  for (let first = 0; first < count; first += CHUNK) {
    const size = Math.min(CHUNK, count - first);
    const batch = await dataset.read(Array.from({ length: size }, (_, i) => Math.floor(((first + i) * dataset.length) / count)));
    pixels += batch.pixels.length / channels;
    for (let i = 0, channel = 0; i < batch.pixels.length; i++, channel = channel + 1 === channels ? 0 : channel + 1) {
      const value = batch.pixels[i]!;
      sums[channel]! += value;
      squares[channel]! += value * value;
    }
  }
  if (pixels === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `channelStatistics: \`dataset\` "${printable(dataset.name)}" has no image that can be read; check its files`,
    );
  const mean = Array.from(sums, (sum) => sum / pixels);
  const std = Array.from(squares, (square, c) => Math.sqrt(Math.max(0, square / pixels - mean[c]! * mean[c]!)) / 255);
  return { mean: mean.map((value) => value / 255), std };
}
