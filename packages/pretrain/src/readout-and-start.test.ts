import { createRng, drawUniform, isSelfsupError, type Module } from '@selfsup/core';
import { convNet, type EncoderFactory } from '@selfsup/encoders';
import { nearestNeighbors, whiten } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builtinPlugins } from './builtins.ts';
import { createStartOf } from './classifier/start-features.ts';
import { detectTask } from './detect-task.ts';
import { defineEncoder } from './encoder-recipe.ts';
import { evaluateKnn, openSamplesFor } from './evaluate-encoder.ts';
import type { RunEvent } from './events.ts';
import { encodeImages } from './image/encode-images.ts';
import { asImages } from './image/image-samples.ts';
import { toImages } from '@selfsup/data';
import { loadEncoder } from './load-encoder.ts';
import { definePlugin } from './plugin.ts';
import { planRun } from './plan-run.ts';
import { pretrain, type PretrainOptions } from './pretrain.ts';
import { createRegistry } from './registry.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText } from './run-store.ts';
import type { ReportData } from './section.ts';

/** Two classes, bright above or below. */
function twoClasses(count: number) {
  const noise = drawUniform(createRng(3), count * 64, { min: 0, max: 60 });
  const images = Uint8Array.from(noise, (value, i) => value + ((i % 64) >> 5 === (i >> 6) % 2 ? 150 : 0)); // [count, 8, 8, 1]
  return { images, shape: [count, 8, 8, 1] as const, labels: Array.from({ length: count }, (_, i) => i % 2) };
}

/** A convolutional network that is read with its input's mean beside it, and can start from the mean of the data. */
const plugin = definePlugin({
  name: 'selfsup-encoder-read',
  encoders: [
    defineEncoder({
      name: 'read-net',
      title: 'a network with a readout and a start of its own',
      modalities: ['image'],
      options: z.strictObject({}),
      create: (): EncoderFactory => convNet({ channels: 1, widths: [4, 4] }),
      readouts: [
        {
          name: 'with-mean',
          title: 'features, and the mean of the image',
          options: z.strictObject({ weight: z.number().min(0).default(2) }),
          create: (encoder: Module, { weight }: { weight: number }): Module => ({
            ...encoder,
            apply: (input, options) => tf.tidy(() => tf.concat([encoder.apply(input, options), tf.mul(weight, tf.mean(input, [1, 2]))], 1)),
            dispose: () => undefined,
          }),
        },
      ],
      starts: [
        {
          name: 'mean',
          title: 'all kernels are the mean pixel',
          async apply(encoder: Module, { samples, rng, progress }) {
            const images = asImages(samples);
            progress.line('Starting from the mean');
            const pixels = await images.read(Int32Array.from({ length: images.length }, (_, i) => i));
            const mean = tf.tidy(() => tf.add(tf.mean(toImages(pixels)), tf.mul(0.01, drawUniform(rng, 1)[0]!)));
            for (const variable of Object.values(encoder.trainable))
              if (variable.rank === 4)
                tf.tidy(() => {
                  variable.assign(tf.mul(mean, tf.onesLike(variable)));
                });
            mean.dispose();
          },
        },
      ],
    }),
  ],
});
const registry = createRegistry([...builtinPlugins, plugin]);

const tiny: RunConfig = {
  task: 'simclr',
  data: twoClasses(40),
  encoder: 'read-net',
  taskOptions: { headOutput: 4 },
  epochs: 1,
  batchSize: 8,
  backend: 'cpu',
};

async function collect(config: RunConfig, options: PretrainOptions = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of pretrain(config, { registry, ...options })) events.push(event);
  return events;
}

async function end(config: RunConfig, options: PretrainOptions = {}) {
  const event = (await collect(config, options)).at(-1)!;
  if (event.type !== 'end') throw new Error(`the last event is ${event.type}`);
  return event;
}

const failure = (config: RunConfig) =>
  collect(config).then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

async function expectSameWeights(...bytes: readonly Uint8Array[]) {
  const [one, other] = await Promise.all(bytes.map((some) => loadEncoder(some, { registry })));
  for (const [path, variable] of Object.entries(one!.module.trainable))
    expect(await other!.module.trainable[path]!.data()).toEqual(await variable.data());
  one!.dispose();
  other!.dispose();
}

describe('a readout', () => {
  it('is what features are, in probes, in evaluation and in what is loaded; the network stays as it is', async () => {
    const store = memoryStore();
    const { encoder: bytes, result } = await end({ ...tiny, readout: 'with-mean', readoutOptions: { weight: 3 } }, { store });
    const plain = await end(tiny);
    expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json').settings).toMatchObject({
      readout: 'with-mean',
      readoutOptions: { weight: 3 },
    });
    const loaded = await loadEncoder(bytes, { registry });
    const [global, other] = [await loadEncoder(bytes, { registry, readout: 'global' }), await loadEncoder(plain.encoder, { registry })];
    try {
      const images = twoClasses(6);
      const features = await loaded.embed(images);
      const own = await global.embed(images);
      expect([features.shape, own.shape, (await other.embed(images)).data]).toEqual([[6, 5], [6, 4], own.data]); // trained alike
      expect(features.data.filter((_, i) => i % 5 < 4)).toEqual(own.data);
      const { mean, std } = loaded.input as unknown as { mean: number[]; std: number[] };
      const pixels = images.images.subarray(0, 64).reduce((sum, value) => sum + value / 255, 0) / 64;
      expect(features.data[4]).toBeCloseTo((3 * (pixels - mean[0]!)) / std[0]!, 4);
      const samples = await openSamplesFor(loaded, { data: twoClasses(40) });
      const { accuracy } = await evaluateKnn(loaded, samples, { baselines: true });
      expect(accuracy['trained']).toBe(100); // the mean of a half tells the classes; so does that of the untrained network, read alike
      expect(Object.keys(accuracy)).toEqual(['trained', 'raw pixels', 'untrained']);
      expect(result.probes['knn']).toBeDefined();
    } finally {
      for (const one of [loaded, global, other]) one.dispose();
    }
  });

  it('is refused by name, and with options that it does not have', async () => {
    expect(await failure({ ...tiny, readout: 'with-maen' })).toMatch(
      /^SELFSUP_OPTION: the encoder read-net has no `readout` 'with-maen'.*with-mean/,
    );
    expect(await failure({ ...tiny, encoder: 'resnet18', readout: 'with-mean' })).toMatch(
      /the encoder resnet18 has no `readout` 'with-mean'/,
    );
    expect(await failure({ ...tiny, readout: 'with-mean', readoutOptions: { weight: -1 } })).toMatch(
      /`readoutOptions.weight` must be a number >= 0, got -1/,
    );
    expect(await failure({ ...tiny, readoutOptions: { weight: 1 } })).toMatch(/`readoutOptions` must be left out for the readout global/);
    const open = { data: tiny.data!, readoutOptions: { power: 1 } };
    expect(() => planRun({ ...open, minutes: 1 }, { registry })).not.toThrow(); // which readout they are for is planned with the data
    expect(() => planRun(open, { registry })).toThrow(/must be left out for the readout global/);
  });
});

describe('a start', () => {
  it('gives the weights that training begins with, and is compared beside fresh ones', async () => {
    const { encoder, result } = await end({ ...tiny, start: 'mean' });
    const baselines = result.comparisons.find(({ title }) => title === 'kNN accuracy')!.baselines;
    expect(Object.keys(baselines)).toEqual(['raw pixels', 'an untrained encoder', 'the start alone']);
    const random = await end(tiny);
    expect(encoder).not.toEqual(random.encoder);
    expect(Object.keys(random.result.comparisons[0]!.baselines)).toEqual(['raw pixels', 'the untrained encoder']);
  });

  it('is kept as it is with no epochs', async () => {
    const store = memoryStore();
    const { encoder: bytes, result } = await end({ ...tiny, start: 'mean', epochs: 0 }, { store, report: true });
    expect(result).toMatchObject({ steps: 0, epochs: 0, stoppedBy: 'end' });
    expect(Object.keys(result.comparisons[0]!.baselines)).toEqual(['raw pixels', 'an untrained encoder']);
    const loaded = await loadEncoder(bytes, { registry });
    const kernel = await Object.entries(loaded.module.trainable)
      .find(([path]) => path === 'conv1/kernel')![1]
      .data();
    loaded.dispose();
    const { images } = tiny.data as { images: Uint8Array };
    expect(new Set(kernel).size).toBe(1);
    expect(Math.abs(kernel[0]! - images.reduce((sum, value) => sum + value / 255, 0) / images.length)).toBeLessThan(0.02);
    const again = (await collect({ data: tiny.data!, resume: true, backend: 'cpu' }, { store })).at(-1);
    expect(again).toMatchObject({ type: 'end', wasFinished: true });
    const longer = await end({ data: tiny.data!, resume: true, epochs: 1, backend: 'cpu' }, { store });
    await expectSameWeights(longer.encoder, (await end({ ...tiny, start: 'mean' })).encoder);
  });

  it('needs no full batch where nothing is trained', async () => {
    const store = memoryStore();
    const { result } = await end({ ...tiny, data: twoClasses(10), start: 'mean', epochs: 0, batchSize: 128 }, { store });
    expect(result).toMatchObject({ steps: 0, trainSamples: 8 });
    expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json').settings.batchSize).toBe(8);
    expect(await failure({ ...tiny, data: twoClasses(10), batchSize: 128 })).toMatch(/a batch of 128 is larger than the 8 training images/);
  });

  it('is judged beside the trained encoder where it is asked for', async () => {
    const { encoder: bytes } = await end({ ...tiny, start: 'mean' });
    const { encoder: alone } = await end({ ...tiny, start: 'mean', epochs: 0 });
    const [loaded, start] = [await loadEncoder(bytes, { registry }), await loadEncoder(alone, { registry })];
    const samples = await openSamplesFor(loaded, { data: tiny.data });
    const made = (await createStartOf(loaded, samples.train, { registry }))!;
    const { accuracy } = await evaluateKnn(loaded, samples, { baselines: true, start: made.features });
    expect(Object.keys(accuracy)).toEqual(['trained', 'raw pixels', 'untrained', 'start']);
    expect(accuracy['start']).toBe((await evaluateKnn(start, samples)).accuracy['trained']);
    expect(Object.keys((await evaluateKnn(loaded, samples, { start: made.features })).accuracy)).toEqual(['trained']);
    for (const { encoder } of [made]) encoder.dispose();
    loaded.dispose();
    start.dispose();
  });

  it('of patches says what to do about images of one color', async () => {
    const black = { images: new Uint8Array(20 * 64), shape: [20, 8, 8, 1] as const };
    expect(await failure({ data: black, task: 'simclr', encoder: 'conv-net', start: 'patches', epochs: 0, backend: 'cpu' })).toMatch(
      /^SELFSUP_DATA: the images of .* are all alike or of one color each, .*give other images, or begin with `start` random/,
    );
  });

  it('is refused by name, and beside an encoder to start from', async () => {
    expect(await failure({ ...tiny, start: 'maen' })).toMatch(/^SELFSUP_OPTION: the encoder read-net has no `start` 'maen'.*mean/);
    const { encoder } = await end(tiny);
    expect(await failure({ ...tiny, init: encoder, start: 'mean' })).toMatch(/`start` must be left out where a run starts from an encoder/);
  });
});

describe('minutes', () => {
  it('chooses epochs for the time, and the config that it writes makes the same run', async () => {
    const store = memoryStore();
    const { result, encoder } = await end({ ...tiny, epochs: undefined, minutes: 0.05 }, { store });
    expect(result.epochs).toBeGreaterThanOrEqual(1);
    const file = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
    expect(file.reasons.at(-1)).toMatch(/^\d+ epochs?: an update takes .* of 0\.05 minutes are left for them$/);
    const config = JSON.parse((await readText(store, 'selfsup.config.json'))!) as RunConfig;
    expect(config).toMatchObject({ task: 'simclr', epochs: result.epochs });
    const again = await end({ ...config, data: tiny.data!, backend: 'cpu' });
    expect(Buffer.compare(encoder, again.encoder)).toBe(0); // all bytes of the file
  }, 60_000);

  it('takes a batch that fits the data, unless one is given', async () => {
    const { result } = await end({ ...tiny, batchSize: undefined, minutes: 0.05 });
    expect(result.steps).toBe(tiny.epochs);
    expect(await failure({ ...tiny, batchSize: 64, minutes: 0.05 })).toContain('a batch of 64 is larger than');
  });

  it('says when the time is over before training', async () => {
    const events = await collect({ ...tiny, minutes: 0.000001 });
    const notices = events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));
    expect(notices.some((text) => /^`minutes` 0\.000001 was over before training/.test(text))).toBe(true);
  });

  it('must be a positive number, for a run that begins', async () => {
    expect(await failure({ ...tiny, minutes: 0 })).toBe('SELFSUP_OPTION: `minutes` must be a number > 0, got 0');
    const store = memoryStore();
    await end(tiny, { store });
    const error = await collect({ data: tiny.data!, resume: true, minutes: 1 }, { store }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'SELFSUP_OPTION',
      message: expect.stringContaining('must be left out when a run is continued') as string,
    });
  });
});

describe('a run without updates', () => {
  const alone: RunConfig = { ...tiny, start: 'mean', epochs: 0, readout: 'with-mean' };
  const sectionOf = (report: ReportData, title: string) =>
    report.sections.find((section) => 'title' in section && section.title === title)!;

  it('is called by its start', async () => {
    const events = await collect(alone, { report: true });
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ begins: 'the start from mean', task: 'simclr', epochs: 0 });
    const last = events.at(-1)!;
    if (last.type !== 'end') throw new Error(last.type);
    const { result, report, encoder } = last;
    expect(result.verdict[0]).toMatch(/^The start from mean (helps|does not help): kNN accuracy/);
    expect(report).toMatchObject({
      title: expect.stringMatching(/^The start from mean on /) as string,
      summary: expect.stringMatching(/^read-net, the start from mean, without updates, for 32 images, cpu\./) as string,
    });
    const settings = sectionOf(report!, 'Settings');
    const names = settings.kind === 'table' ? settings.rows.map(([name]) => name) : [];
    expect(names).toEqual(expect.arrayContaining(['start', 'readout', 'seed']));
    expect(names).not.toContain('learningRate');
    expect(names.filter((name) => name?.startsWith('task'))).toEqual([]);
    const loaded = await loadEncoder(encoder, { registry });
    expect(loaded.origin).toMatch(/^the start from mean on /);
    loaded.dispose();
  });

  it('shows the neighbors that its kNN accuracy compares', async () => {
    const { report, encoder } = await end({ ...alone, knnWhitening: true }, { report: true });
    const gallery = sectionOf(report!, 'Nearest neighbors');
    if (gallery.kind !== 'gallery') throw new Error(gallery.kind);
    expect(gallery.text).toContain(
      'with the cosine of the principal directions of their features, strong ones made weaker (`knnWhitening`)',
    );
    const loaded = await loadEncoder(encoder, { registry });
    try {
      const { train, test } = await openSamplesFor(loaded, { data: tiny.data });
      const { bank, queries } = await whiten(await loaded.encode(train), await loaded.encode(test!));
      const { cosines } = await nearestNeighbors(queries, bank, { k: 5 });
      const expected = Array.from({ length: queries.shape[0] }, (_, i) =>
        [...cosines.subarray(5 * i, 5 * i + 5)].map((c) => c.toFixed(2)).join(),
      );
      const shown = gallery.rows.map(([, ...found]) => found.map(({ caption }) => caption!.split(' ').at(-1)).join());
      expect([...shown].sort()).toEqual([...expected].sort());
      const plain = await end(alone, { report: true });
      const other = sectionOf(plain.report!, 'Nearest neighbors');
      expect(other.kind === 'gallery' && other.text).toContain('with the cosine of their features.');
    } finally {
      loaded.dispose();
    }
  });
});

describe('alarms before training', () => {
  const copies = { images: new Uint8Array(40 * 64).map((_, i) => ((i % 64) * 37) % 251), shape: [40, 8, 8, 1] as const };
  const alarmsIn = (events: readonly RunEvent[]) => events.filter((event) => event.type === 'alarm');

  it('come up where all samples are the same, whatever the start, in events, result and report', async () => {
    for (const start of ['random', 'mean']) {
      const events = await collect({ ...tiny, data: copies, start, epochs: 0, knnWhitening: true }, { report: true });
      expect(alarmsIn(events)).toEqual([expect.objectContaining({ step: 0, kind: 'same', value: 1, threshold: 0.9 })]);
      const last = events.at(-1)!;
      if (last.type !== 'end') throw new Error(last.type);
      expect(last.result.alarms).toEqual([{ kind: 'same', metric: 'sameShare', value: 1, threshold: 0.9, step: 0 }]);
      expect(JSON.stringify(last.report)).toMatch(
        /"title":"Alarms","lines":\["Before training: same: .* What helps: look at the data for copies/,
      );
    }
  });

  it('come up once, also where the run is continued', async () => {
    const store = memoryStore();
    await collect({ ...tiny, data: copies }, { store });
    const events = await collect({ data: copies, resume: true, epochs: 2, backend: 'cpu' }, { store });
    expect(alarmsIn(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ result: { alarms: [{ kind: 'same', step: 0 }] } });
  });

  it('come up where a start from data tells nothing apart', async () => {
    const { images, shape } = copies; // of one brightness each, which the start and its own output hardly see but for the length
    const data = { images: images.map((value, i) => Math.round((value * (60 + (i >> 6))) / 100)), shape };
    const events = await collect({ ...tiny, data, start: 'mean', epochs: 0 });
    expect(alarmsIn(events)).toEqual([expect.objectContaining({ step: 0, kind: 'flat', metric: 'startRank', threshold: 1.1 })]);
    expect(alarmsIn(await collect({ ...tiny, data, epochs: 0 }))).toEqual([]); // fresh weights may do that
  });

  it('do not come up otherwise', async () => {
    expect(alarmsIn(await collect({ ...tiny, readout: 'with-mean', epochs: 0 }))).toEqual([]);
  });
});

describe('detectTask', () => {
  it('finds the task that fits the data', async () => {
    expect(await detectTask({ texts: ['one text', 'another'] }, registry)).toBe('masked-language');
    expect(await detectTask(twoClasses(4), registry)).toBe('simclr');
    expect(await detectTask('shapes', registry)).toBe('simclr');
    expect(await detectTask('nothing like it', registry)).toBe('simclr');
  });
});

it('features of a readout are those of the samples, in order', async () => {
  const { encoder: bytes } = await end({ ...tiny, readout: 'with-mean', epochs: 0 });
  const loaded = await loadEncoder(bytes, { registry });
  try {
    const samples = (await openSamplesFor(loaded, { data: twoClasses(8) })).train;
    const indices = [3, 0];
    const some = await loaded.encode(samples, { indices });
    const all = await encodeImages(loaded.features, samples, {
      input: loaded.input,
      files: {},
      progress: { stage: () => ({ update: () => undefined, end: () => undefined }), line: () => undefined, warn: () => undefined },
      stage: '',
    });
    for (const [row, index] of indices.entries())
      expect(some.data.slice(row * 5, row * 5 + 5)).toEqual(all.data.slice(index * 5, index * 5 + 5));
  } finally {
    loaded.dispose();
  }
});
