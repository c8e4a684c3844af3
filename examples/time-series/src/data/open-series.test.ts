import { parseOptions, settingsSchema, silentProgress, type OpenContext, type SamplesRequest } from '@selfsup/pretrain';
import { describe, expect, it } from 'vitest';
import { seriesOptions, type SeriesOptions } from '../series-options.ts';
import { seriesSimclr } from '../tasks/series-simclr.ts';
import { memoryRecordings } from './memory-recordings.ts';
import { openSeries, openSeriesSamples } from './open-series.ts';
import type { Recording } from './recordings.ts';
import { asWindows } from './window-samples.ts';

/** Every value of a recording is its number, so that windows tell where they come from. */
const recording = (number: number, more: Partial<Recording> = {}): Recording => ({
  id: `${number}.csv`,
  values: new Float32Array(2 * 40).fill(number),
  label: number % 2 === 0 ? 'even' : 'odd',
  ...more,
});
const dataOf = (recordings: readonly Recording[]) => ({ name: 'numbers', channelNames: ['x', 'y'], recordings });
const ten = dataOf(Array.from({ length: 10 }, (_, i) => recording(i)));

const context = (more: Partial<OpenContext> = {}): OpenContext => ({
  progress: silentProgress,
  async openDataset<D>(data: unknown, options: Parameters<OpenContext['openDataset']>[1]) {
    expect(await memoryRecordings.accepts(data)).toBe(true);
    return (await memoryRecordings.open(data, options)) as D;
  },
  ...more,
});
const optionsOf = (given: object = {}): SeriesOptions => parseOptions(seriesOptions, { windowLength: 16, ...given }, { who: 'test' });
const settings = settingsSchema.parse({
  task: 'series-simclr',
  encoder: 'series-net',
  batchSize: 8,
  learningRate: 0.1,
  weightDecay: 0,
  seed: 3,
});
const open = (data: unknown, given: { options?: object; settings?: object; context?: Partial<OpenContext> } = {}) =>
  openSeries(
    { data, options: optionsOf(given.options), settings: { ...settings, ...given.settings }, recipe: seriesSimclr },
    context(given.context),
  );
/** The recordings that samples come from. */
const sourcesOf = (ids: readonly string[] | undefined) => new Set(ids!.map((id) => id.replace(/@.*/, '')));

describe('opening the data of a run', () => {
  it('cuts windows by length and stride', async () => {
    const { train, unit } = await open(dataOf([recording(0)]), { options: { windowStride: 12 } });
    expect([unit, train.length, train.windowLength, train.ids]).toEqual(['windows', 3, 16, ['0.csv@0', '0.csv@12', '0.csv@24']]);
    expect((await open(dataOf([recording(0)]))).train.length).toBe(4); // half a window from one to the next
    const values = Float32Array.from({ length: 80 }, (_, i) => i);
    const read = await (await open(dataOf([recording(0, { values })]), { options: { windowStride: 12 } })).train.read([1, 0]);
    expect([read.shape, [...read.values.subarray(0, 32)]]).toEqual([[2, 16, 2], Array.from({ length: 32 }, (_, i) => 24 + i)]);
  });

  it('holds out whole recordings of every class, and the same ones by the same seed', async () => {
    const { train, test, testFrom } = await open(ten, { settings: { testFraction: 0.4 } });
    const [learned, judged] = [sourcesOf(train.ids), sourcesOf(test!.ids)];
    expect([testFrom, learned.size, judged.size, train.length, test!.length]).toEqual(['held out', 6, 4, 24, 16]);
    expect([...learned].filter((id) => judged.has(id))).toEqual([]);
    expect([...test!.labels!].filter((label) => label === 0)).toHaveLength(8);
    expect(test!.classNames).toEqual(['even', 'odd']);
    expect((await open(ten, { settings: { testFraction: 0.4 } })).test!.ids).toEqual(test!.ids);
    expect((await open(ten, { settings: { testFraction: 0.4, seed: 4 } })).test!.ids).not.toEqual(test!.ids);
  });

  it('keeps the test part that there is, and limits both', async () => {
    const data = dataOf([recording(0, { part: 'train' }), recording(1, { part: 'test' }), recording(2)]);
    const { train, test, testFrom } = await open(data, { settings: { limit: 5, testLimit: 3 } });
    expect([testFrom, train.length, test!.length, [...sourcesOf(test!.ids)]]).toEqual(['own part', 5, 3, ['1.csv']]);
    const { values, indices } = await train.read([4]);
    expect([`${values[0]!}.csv`, [...indices]]).toEqual([train.ids[4]!.replace(/@.*/, ''), [4]]);
  });

  it('has no test part without labels', async () => {
    const { train, test, testFrom } = await open(dataOf([recording(0, { label: undefined }), recording(1)]));
    expect([train.length, train.labels, test, testFrom]).toEqual([8, undefined, undefined, undefined]);
  });

  it('measures the channels of the training windows, or takes what an earlier session measured', async () => {
    const { input, fingerprint } = await open(dataOf([recording(1), recording(3), recording(2, { part: 'test' })]));
    expect(input).toEqual({ length: 16, channels: 2, mean: [2, 2], std: [1, 1] });
    expect(fingerprint).toEqual({ windows: 8, recordings: 2, channels: 2 });
    const earlier = { input: { length: 16, channels: 2, mean: [0, 0], std: [2, 2] }, files: {} };
    expect((await open(ten, { context: { earlier } })).input).toEqual(earlier.input);
  });

  it('skips recordings that are shorter than a window, and says so', async () => {
    const said: string[] = [];
    const short = Array.from({ length: 7 }, (_, i) => recording(i, { values: new Float32Array(2 * 8) }));
    const progress = { ...silentProgress, warn: (text: string) => said.push(text) };
    const opened = await open(dataOf([...short, recording(9)]), { context: { progress } });
    expect([opened.train.length, opened.skipped().length, said.length, said[5]]).toEqual([
      4,
      7,
      6,
      'skipped 2 more; the result names them all',
    ]);
    expect(said[0]).toBe('skipped 0.csv: its 8 time steps are less than a window of 16');
    await expect(open(dataOf(short))).rejects.toThrow('numbers has no recording of 16 time steps or more, the longest has 8');
  });

  it('refuses recordings in memory that are not whole time steps', async () => {
    await expect(open(dataOf([recording(0, { values: new Float32Array(3) })]))).rejects.toThrow(
      'must be a Float32Array of 2 numbers per time step',
    );
    await expect(open(dataOf([]))).rejects.toThrow('must have `channelNames` and at least one recording');
  });
});

describe('opening windows for an encoder', () => {
  const input = { length: 16, channels: 2, mean: [0, 0], std: [1, 1] };
  const samples = (request: Partial<SamplesRequest<SeriesOptions>> = {}) =>
    openSeriesSamples({ data: ten, options: optionsOf({ windowLength: 32 }), seed: 3, testFraction: 0.4, input, ...request }, context());

  it('splits them as the run did, at the length of the encoder', async () => {
    const [found, data] = [await samples(), await open(ten, { settings: { testFraction: 0.4 } })];
    expect(found.test!.ids).toEqual(data.test!.ids);
    expect(asWindows(found.train).windowLength).toBe(16);
    expect((await samples({ testFraction: 0 })).test).toBeUndefined();
  });

  it('takes all of the data for training where the test data is other data, whose classes it translates', async () => {
    const found = await samples({ testData: dataOf([recording(1)]), testLimit: 2 });
    expect([found.train.length, [...found.test!.labels!], found.test!.classNames]).toEqual([40, [1, 1], ['even', 'odd']]);
    await expect(samples({ testData: dataOf([recording(1, { label: 'prime' })]) })).rejects.toThrow(
      "numbers has the class 'prime', which is not one of even, odd",
    );
  });

  it('refuses what the encoder does not take', async () => {
    await expect(samples({ input: { ...input, channels: 3 } })).rejects.toThrow('takes 3 channels, numbers has 2: x, y');
    await expect(samples({ input: { size: 32 } })).rejects.toThrow('the encoder does not take time series: `input.length` of run.json');
    await expect(samples({ labels: 'labels.idx' })).rejects.toThrow('time series take no file of labels');
  });
});
