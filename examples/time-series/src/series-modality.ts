import { createLoader } from '@selfsup/data';
import { SelfsupError, type Rng } from '@selfsup/core';
import { defineModality } from '@selfsup/pretrain';
import { openSeries, openSeriesSamples, type SeriesRunData } from './data/open-series.ts';
import type { Windows } from './data/windows.ts';
import { drawWindows } from './draw-windows.ts';
import { encodeWindows, encodeWindowViews, rawWindows, windowEncoder, windowExamples } from './encode-windows.ts';
import { prepareWindows } from './prepare-windows.ts';
import type { SeriesEncoderFactory } from './series-net.ts';
import { seriesOptions, type SeriesOptions } from './series-options.ts';
import type { SeriesTaskParts } from './series-task.ts';

/** Time series: windows of multichannel recordings. */
export const seriesModality = defineModality<SeriesRunData, SeriesOptions, Windows>({
  api: 1,
  name: 'time-series',
  title: 'time series',
  options: seriesOptions,
  functions: ['views'],
  defaults: { batchSize: 128, knnK: 20 },
  defaultTask: 'series-simclr',
  open: openSeries,
  openSamples: openSeriesSamples,
  createSource(data, { batchSize, rng, rank, worldSize }: { batchSize: number; rng: Rng; rank: number; worldSize: number }) {
    if (batchSize * worldSize > data.train.length)
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `\`batchSize\` ${batchSize} is larger than the ${data.train.length} training windows of ${data.name}; use a smaller one, a smaller \`windowStride\`, or more recordings`,
      );
    return createLoader(data.train, { batchSize, rng, rank, worldSize });
  },
  taskParts: ({ data, settings, backbone, stepsPerEpoch, totalSteps }): SeriesTaskParts => ({
    backbone: backbone as SeriesEncoderFactory,
    settings,
    stepsPerEpoch,
    totalSteps,
    length: data.input.length,
    channels: data.input.channels,
  }),
  prepare: prepareWindows,
  throughput: ({ input }) => ({ unit: 'time steps', perSample: input.length }),
  encode: encodeWindows,
  rawInput: { name: 'raw windows', encoder: rawWindows },
  encodeViews: encodeWindowViews,
  fineTuning: {
    encoder: windowEncoder,
    examples: windowExamples,
    defaults: { epochs: 20, minSteps: 200, batchSize: 32, learningRate: 1e-3 },
  },
  show: drawWindows,
  nameOf(data) {
    const named = typeof data === 'object' && data !== null ? (data as { name?: unknown }).name : data;
    const last =
      typeof named === 'string'
        ? named
            .split(/[/\\]/)
            .filter((part) => part !== '')
            .at(-1)
        : undefined;
    return last?.replace(/\..*$/, '') || 'series';
  },
});
