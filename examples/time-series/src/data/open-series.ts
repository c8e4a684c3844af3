import { createRng, drawPermutation, SelfsupError } from '@selfsup/core';
import type { OpenContext, OpenedSamples, OpenRequest, RunData, SamplesRequest, Skipped } from '@selfsup/pretrain';
import { seriesInputOf, type SeriesInput } from '../series-input.ts';
import type { SeriesOptions } from '../series-options.ts';
import type { OpenedRecordings, Recording } from './recordings.ts';
import { classNamesOf, splitRecordings } from './split-recordings.ts';
import { cutWindows, pickWindows, type WindowSamples } from './window-samples.ts';

/** The windows of a run, opened. */
export interface SeriesRunData extends RunData {
  readonly train: WindowSamples;
  readonly test?: WindowSamples;
  readonly input: SeriesInput;
}

/** Files that are named one by one when they are skipped; the result names them all. */
const NAMED = 5;

/** Windows of one size: time steps, and time steps from one to the next. */
interface WindowSize {
  readonly length: number;
  readonly stride: number;
}

const sizeOf = (length: number, stride: number | undefined): WindowSize => ({
  length,
  stride: stride ?? Math.max(1, Math.floor(length / 2)),
});

function warnAboutSkipped(skipped: readonly Skipped[], { progress }: OpenContext): void {
  for (const { path, reason } of skipped.slice(0, NAMED)) progress.warn(`skipped ${path}: ${reason}`);
  if (skipped.length > NAMED) progress.warn(`skipped ${skipped.length - NAMED} more; the result names them all`);
}

/** What was opened without the recordings that are shorter than a window. */
function longEnough(opened: OpenedRecordings, { length }: WindowSize): { recordings: readonly Recording[]; skipped: readonly Skipped[] } {
  const { name, channelNames, recordings, skipped = [] } = opened;
  const stepsOf = ({ values }: Recording) => values.length / channelNames.length;
  const long = recordings.filter((recording) => stepsOf(recording) >= length);
  if (long.length === 0)
    throw new SelfsupError(
      'SELFSUP_DATA',
      `${name} has no recording of ${length} time steps or more, the longest has ${Math.max(...recordings.map(stepsOf))}; use a smaller \`windowLength\``,
    );
  const short = recordings.filter((recording) => stepsOf(recording) < length);
  const reasons = short.map((recording) => ({
    path: recording.id,
    reason: `its ${stepsOf(recording)} time steps are less than a window of ${length}`,
  }));
  return { recordings: long, skipped: [...skipped, ...reasons] };
}

/** At most so many windows, chosen by the seed. */
function limitWindows(samples: WindowSamples, limit: number | undefined, seed: number): WindowSamples {
  if (limit === undefined || limit >= samples.length) return samples;
  return pickWindows(samples, drawPermutation(createRng(seed).fold('limit'), samples.length).slice(0, limit).sort());
}

/** Mean and deviation of each channel over all windows. */
async function statisticsOf(samples: WindowSamples): Promise<{ mean: number[]; std: number[] }> {
  const { channels } = samples;
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  for (let index = 0; index < samples.length; index++) {
    const { values } = await samples.read([index]);
    for (const [i, value] of values.entries()) {
      sums[i % channels]! += value;
      squares[i % channels]! += value * value;
    }
  }
  const count = samples.length * samples.windowLength;
  const mean = Array.from(sums, (sum) => sum / count);
  return { mean, std: mean.map((value, c) => Math.max(Math.sqrt(Math.max(0, squares[c]! / count - value * value)), 1e-6)) };
}

/**
 * Opens the recordings of a run and cuts them into windows.
 *
 * @param request see `OpenRequest`
 * @param context see `OpenContext`
 * @returns the windows, split by recording
 * @throws SelfsupError `SELFSUP_DATA` when no recording is as long as a window
 */
export async function openSeries(request: OpenRequest<SeriesOptions>, context: OpenContext): Promise<SeriesRunData> {
  const { data, options, settings } = request;
  const { seed, testFraction, limit, testLimit } = settings;
  const opened = await context.openDataset<OpenedRecordings>(data, { seed, limit, testLimit, options, progress: context.progress });
  const size = sizeOf(options.windowLength, options.windowStride);
  const { recordings, skipped } = longEnough(opened, size);
  warnAboutSkipped(skipped, context);
  const parts = splitRecordings(recordings, { seed, testFraction });
  const { name, channelNames } = opened;
  const cut = { name, channels: channelNames.length, ...size, classNames: classNamesOf(recordings) };
  const train = limitWindows(cutWindows(parts.train, cut), limit, seed);
  const test = parts.test && limitWindows(cutWindows(parts.test, cut), testLimit, seed);
  const input = context.earlier
    ? seriesInputOf(context.earlier.input)
    : { length: size.length, channels: channelNames.length, ...(await statisticsOf(train)) };
  return {
    name,
    unit: 'windows',
    train,
    ...(test && { test }),
    ...(parts.testFrom && { testFrom: parts.testFrom }),
    input,
    fingerprint: { windows: train.length, recordings: parts.train.length, channels: channelNames.length },
    skipped: () => skipped,
  };
}

/** Labels by the classes of other windows, for data that is judged by another. */
function translateLabels(samples: WindowSamples, classNames: readonly string[] | undefined): WindowSamples {
  const { labels, classNames: own, name } = samples;
  if (!labels || !own || !classNames) return samples;
  const places = own.map((className) => classNames.indexOf(className));
  const unknown = own.find((_, i) => places[i]! < 0);
  if (unknown !== undefined)
    throw new SelfsupError('SELFSUP_DATA', `${name} has the class '${unknown}', which is not one of ${classNames.join(', ')}`);
  return { ...samples, classNames, labels: labels.map((label) => places[label]!) };
}

/**
 * Opens windows for an encoder that there is.
 *
 * @param request see `SamplesRequest`; with `testData` all of `data` is for training
 * @param context see `OpenContext`
 * @returns the windows, as long as the encoder takes them, split by recording
 * @throws SelfsupError `SELFSUP_DATA` when the encoder does not take them, or on classes of `testData` that `data` has not; `SELFSUP_OPTION` on a file of labels
 */
export async function openSeriesSamples(request: SamplesRequest<SeriesOptions>, context: OpenContext): Promise<OpenedSamples> {
  const { data, testData, labels, options, seed, testFraction, limit, testLimit } = request;
  if (labels !== undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      'time series take no file of labels; put the files into folders of classes, or use `labelColumn`',
    );
  const input = seriesInputOf(request.input);
  const size = sizeOf(input.length, options.windowStride);
  const open = async (what: unknown) => {
    const opened = await context.openDataset<OpenedRecordings>(what, { seed, limit, testLimit, options, progress: context.progress });
    const { name, channelNames } = opened;
    if (channelNames.length !== input.channels)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `the encoder of this run takes ${input.channels} channels, ${name} has ${channelNames.length}: ${channelNames.join(', ')}; choose them by \`columns\``,
      );
    const { recordings, skipped } = longEnough(opened, size);
    warnAboutSkipped(skipped, context);
    return { name, recordings, skipped, cut: { name, channels: input.channels, ...size, classNames: classNamesOf(recordings) } };
  };
  const first = await open(data);
  const { name, recordings, cut } = first;
  if (testData === undefined) {
    const parts = splitRecordings(recordings, { seed, testFraction });
    const train = limitWindows(cutWindows(parts.train, cut), limit, seed);
    const test = parts.test && limitWindows(cutWindows(parts.test, cut), testLimit, seed);
    return { name, unit: 'windows', train, ...(test && { test }), skipped: () => first.skipped };
  }
  const other = await open(testData);
  const train = limitWindows(cutWindows(recordings, cut), limit, seed);
  const test = translateLabels(limitWindows(cutWindows(other.recordings, other.cut), testLimit, seed), train.classNames);
  return { name, unit: 'windows', train, test, skipped: () => [...first.skipped, ...other.skipped] };
}
