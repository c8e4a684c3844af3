import type { RowsDataset } from '@selfsup/data';
import type { Samples } from '@selfsup/pretrain';
import type { Recording } from './recordings.ts';
import type { Windows } from './windows.ts';

/** Windows as samples: they can be read by index, and each knows its recording. */
export interface WindowSamples extends Samples, RowsDataset<Windows> {
  readonly unit: 'windows';
  /** Time steps of a window. */
  readonly windowLength: number;
  readonly channels: number;
  /** `[length]`: recording and first time step of each, such as `walking/3.csv@128`. */
  readonly ids: readonly string[];
}

/** Options of {@link cutWindows}. */
export interface CutWindowsOptions {
  readonly name: string;
  readonly channels: number;
  /** Time steps of a window. */
  readonly length: number;
  /** Time steps from one window of a recording to the next. */
  readonly stride: number;
  /** The names of all classes, by label; undefined where there are none. */
  readonly classNames?: readonly string[] | undefined;
}

/** A window: of which recording, and where it starts. */
interface Place {
  readonly recording: Recording;
  readonly start: number;
}

function samplesOf(places: readonly Place[], options: CutWindowsOptions): WindowSamples {
  const { name, channels, length, classNames } = options;
  return {
    name,
    unit: 'windows',
    length: places.length,
    windowLength: length,
    channels,
    ids: places.map(({ recording, start }) => `${recording.id}@${start}`),
    ...(classNames && { classNames, labels: Int32Array.from(places, ({ recording }) => classNames.indexOf(recording.label!)) }),
    read(indices) {
      const size = length * channels;
      const values = new Float32Array(indices.length * size);
      for (let row = 0; row < indices.length; row++) {
        const { recording, start } = places[indices[row]!]!;
        values.set(recording.values.subarray(start * channels, start * channels + size), row * size);
      }
      return Promise.resolve({ indices: Int32Array.from(indices), values, shape: [indices.length, length, channels] });
    },
  };
}

/**
 * Cuts recordings into windows of one length; nothing is copied before windows are read.
 *
 * @param recordings those that are shorter than a window have none
 * @param options see {@link CutWindowsOptions}
 * @returns the windows, recording by recording
 */
export function cutWindows(recordings: readonly Recording[], options: CutWindowsOptions): WindowSamples {
  const { channels, length, stride } = options;
  const places: Place[] = [];
  for (const recording of recordings)
    for (let start = 0; (start + length) * channels <= recording.values.length; start += stride) places.push({ recording, start });
  return samplesOf(places, options);
}

/**
 * Some of the windows.
 *
 * @param samples where they come from; read on demand
 * @param indices which, in the order of the new samples
 * @returns samples that number them from 0
 */
export function pickWindows(samples: WindowSamples, indices: Int32Array): WindowSamples {
  const { labels, ids } = samples;
  return {
    ...samples,
    length: indices.length,
    ids: Array.from(indices, (index) => ids[index]!),
    ...(labels && { labels: indices.map((index) => labels[index]!) }),
    async read(rows) {
      const read = await samples.read(Array.from(rows, (row) => indices[row]!));
      return { ...read, indices: Int32Array.from(rows) };
    },
  };
}

/** Samples of this modality, which are what it opened. */
export const asWindows = (samples: Samples): WindowSamples => samples as WindowSamples;
