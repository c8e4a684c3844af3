import { SelfsupError } from '@selfsup/core';
import { openData, type OpenedData } from './open-data.ts';
import type { Output } from './output/output.ts';
import type { RunFile } from './run-file.ts';

/** Which images a command takes instead of the run's own. */
export interface DataChoice {
  readonly data?: string | undefined;
  readonly limit?: number | undefined;
  readonly testLimit?: number | undefined;
  readonly labels?: string | undefined;
}

/**
 * Opens images for the encoder of a run, with the run's size, mean and standard deviation.
 *
 * @param file run.json
 * @param choice other images than those of the run; with other data, the run's limits do not hold, and it is of images even where the run has videos
 * @param output shows progress
 * @returns the images
 * @throws SelfsupError `SELFSUP_DATA` when the encoder does not take them
 */
export async function openDataForRun(file: RunFile, choice: DataChoice, output: Output): Promise<OpenedData> {
  const { settings, images } = file;
  const { data = settings.data, labels } = choice;
  const own: Partial<RunFile['settings']> = data === settings.data ? settings : {};
  const limit = choice.limit ?? own.limit;
  const testLimit = choice.testLimit ?? own.testLimit;
  const { clipLength, frameStride } = own;
  const { seed, testFraction } = settings;
  const opened = await openData(
    {
      data,
      seed,
      testFraction,
      imageSize: images.size,
      ...(limit === undefined ? {} : { limit }),
      ...(testLimit === undefined ? {} : { testLimit }),
      ...(labels === undefined ? {} : { labels }),
      ...(clipLength === undefined ? {} : { clipLength }),
      ...(frameStride === undefined ? {} : { frameStride }),
    },
    output,
  );
  const { channels, height } = opened.train;
  if (channels !== images.channels)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `the encoder of this run takes images of ${images.size}x${images.size}x${images.channels}, ${data} has ${height}x${height}x${channels}`,
    );
  return { ...opened, mean: images.mean, std: images.std };
}
