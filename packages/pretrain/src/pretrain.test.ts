import { createRng, drawUniform, isSelfsupError, l2Normalize, SelfsupError, type PretextTask } from '@selfsup/core';
import { arrayImages } from '@selfsup/data';
import { linear, projectionHead } from '@selfsup/encoders';
import { ntXent } from '@selfsup/losses';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evaluateKnn, evaluateLinearProbe, openSamplesFor } from './evaluate-encoder.ts';
import type { RunEvent } from './events.ts';
import { measureLabelCurve } from './classifier/label-curve.ts';
import { defineImageTask } from './image/image-task.ts';
import { recipeSource } from './image/image-views.ts';
import { twoViews } from './image/views-input.ts';
import { loadEncoder } from './load-encoder.ts';
import { parseMetrics } from './metrics-log.ts';
import { definePlugin } from './plugin.ts';
import { pretrain, type PretrainOptions } from './pretrain.ts';
import { reportOfRun } from './report-of-run.ts';
import { createRegistry } from './registry.ts';
import { builtinPlugins } from './builtins.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunResult } from './run-result.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText, type RunStore } from './run-store.ts';
import { silentProgress } from './progress.ts';
import { settingsSchema } from './settings.ts';
import { withWayOut } from './way-out.ts';

/** Images in memory: two classes, dark above or below. */
function twoClasses(count: number) {
  const noise = drawUniform(createRng(3), count * 64, { min: 0, max: 60 });
  const images = Uint8Array.from(noise, (value, i) => value + ((i % 64) >> 5 === (i >> 6) % 2 ? 150 : 0)); // [count, 8, 8, 1]
  return {
    images,
    shape: [count, 8, 8, 1] as const,
    labels: Array.from({ length: count }, (_, i) => i % 2),
    classNames: ['top', 'bottom'],
  };
}

const tiny: RunConfig = {
  task: 'simclr',
  data: twoClasses(40),
  encoder: 'conv-net',
  encoderOptions: { widths: [4, 8] },
  taskOptions: { headOutput: 4 },
  epochs: 2,
  batchSize: 8,
  testFraction: 0.2,
  backend: 'cpu',
};

async function collect(config: RunConfig, options: PretrainOptions = {}, until?: (event: RunEvent) => boolean): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of pretrain(config, options)) {
    events.push(event);
    if (until?.(event)) break;
  }
  return events;
}

const endOf = (events: readonly RunEvent[]) => {
  const end = events.at(-1);
  if (end?.type !== 'end') throw new Error(`the last event is ${String(end?.type)}`);
  return end;
};

const failure = async (config: RunConfig, options?: PretrainOptions) =>
  collect(config, options).then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

async function copyOf(store: RunStore): Promise<RunStore> {
  const copy = memoryStore(store.name);
  for (const name of await store.list()) await copy.write(name, (await store.read(name))!);
  return copy;
}

async function filesOf(store: RunStore): Promise<Record<string, Uint8Array>> {
  const names = await store.list();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await store.read(name))!] as const)));
}

describe('pretrain', () => {
  it('trains on arrays in memory and says what happens, in order', async () => {
    const store = memoryStore();
    const events = await collect(tiny, { store, report: true });
    const types = events.filter(({ type }) => type !== 'progress' && type !== 'notice').map(({ type }) => type);
    const epoch = [...Array<string>(4).fill('step'), 'epoch'];
    expect(types).toEqual([
      'start',
      'probe',
      'health',
      ...epoch,
      'health',
      'probe',
      'checkpoint',
      ...epoch,
      'checkpoint',
      'probe',
      'health',
      'end',
    ]);
    const { result, report } = endOf(events);
    expect(result).toMatchObject({
      task: 'simclr',
      modality: 'image',
      encoder: 'conv-net',
      steps: 8,
      epochs: 2,
      trainSamples: 32,
      testSamples: 8,
    });
    expect(Object.keys(result.probes['knn']!.baselines)).toEqual(['raw pixels', 'untrained']);
    expect(result.verdict.join(' ')).toMatch(/Pretraining (helped|has not helped yet): kNN accuracy/);
    expect(report!.sections.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['notice', 'numbers', 'charts', 'table']));
    const run = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
    expect(run.encoder).toEqual({ name: 'conv-net', prefix: 'backbone', options: expect.objectContaining({ widths: [4, 8] }) as object });
    expect(run.settings.taskOptions).toMatchObject({ headOutput: 4, temperature: 0.2 });
    const steps = parseMetrics((await readText(store, 'metrics.jsonl'))!).filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(result.lastLoss).toBe(steps.at(-1)!['loss']);
  });

  it('gives the same bits after it was left and resumed', async () => {
    const whole = memoryStore();
    await collect(tiny, { store: whole });
    const parts = memoryStore();
    const controller = new AbortController();
    const events: RunEvent[] = [];
    for await (const event of pretrain(tiny, { store: parts, signal: controller.signal })) {
      events.push(event);
      if (event.type === 'step' && event.step === 3) controller.abort();
    }
    expect(events.at(-1)).toEqual({ type: 'stopped', step: 3, totalSteps: 8 });
    const resumed = await collect({ data: tiny.data, resume: true, backend: 'cpu' }, { store: parts });
    expect(resumed.find(({ type }) => type === 'start')).toMatchObject({ step: 3, totalSteps: 8 });
    const [one, other] = [await filesOf(whole), await filesOf(parts)];
    expect(other['encoder.safetensors']).toEqual(one['encoder.safetensors']);
    const withoutTime = (bytes: Uint8Array) => parseMetrics(new TextDecoder().decode(bytes)).map((record) => ({ ...record, seconds: 0 }));
    expect(withoutTime(other['metrics.jsonl']!)).toEqual(withoutTime(one['metrics.jsonl']!));
  });

  it('gives the same lines after it was killed at any write', async () => {
    const config = { ...tiny, epochs: 1 };
    const whole = memoryStore();
    await collect(config, { store: whole });
    const withoutTime = async (store: RunStore) =>
      parseMetrics((await readText(store, 'metrics.jsonl'))!).map((record) => ({ ...record, seconds: 0 }));
    const kill = new Error('killed');
    for (let moment = 0; moment < 12; moment++) {
      const store = memoryStore();
      let left = moment;
      const die = async (half: () => Promise<void>, all: () => Promise<void>) => {
        if (left-- > 0) return all();
        await half();
        throw kill;
      };
      const dying: RunStore = {
        ...store,
        append: (name, text) => die(() => store.append(name, text.slice(0, 9)), () => store.append(name, text)), // prettier-ignore
        write: (name, bytes) => die(() => Promise.resolve(), () => store.write(name, bytes)), // prettier-ignore
      };
      await expect(collect(config, { store: dying })).rejects.toBe(kill);
      const began = (await store.list()).includes('run.json');
      await collect(began ? { data: tiny.data, resume: true, backend: 'cpu' } : config, { store });
      expect(await withoutTime(store)).toEqual(await withoutTime(whole));
      expect(await store.read('checkpoint.safetensors')).toEqual(await whole.read('checkpoint.safetensors'));
    }
  });

  it('continues a finished run for more epochs, by the schedules of the longer run', async () => {
    const store = memoryStore();
    await collect({ ...tiny, epochs: 1, warmupEpochs: 0 }, { store });
    const events = await collect({ data: tiny.data, resume: true, epochs: 3, backend: 'cpu' }, { store });
    const rates = events.flatMap((event) => (event.type === 'step' ? [event.learningRate] : []));
    const peak = 0.06 * (8 / 128);
    expect(rates).toHaveLength(8);
    rates.forEach((rate, i) => {
      expect(rate).toBeCloseTo((peak / 2) * (1 + Math.cos((Math.PI * (i + 4)) / 12)), 6);
    });
    expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json')).toMatchObject({ settings: { epochs: 3 }, totalSteps: 12 });
  });

  it('goes on with smaller forward passes of the same updates', async () => {
    const data = twoClasses(45); // 36 to train on: 4 of them make no batch of 8, but one of 4
    const config: RunConfig = { ...tiny, data, warmupEpochs: 1, epochs: 3 };
    const lines = async (store: RunStore) => parseMetrics((await readText(store, 'metrics.jsonl'))!).filter(({ type }) => type === 'step');
    const whole = memoryStore();
    await collect(config, { store: whole });
    const store = memoryStore();
    const controller = new AbortController();
    for await (const event of pretrain(config, { store, signal: controller.signal }))
      if (event.type === 'step' && event.step === 6) controller.abort();
    const again = { data, resume: true, backend: 'cpu' } as const;
    const events = await collect(
      { ...again, batchSize: 4 },
      { store },
      ({ type, ...event }) => type === 'step' && 'step' in event && event.step === 9,
    );
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ step: 6, batchSize: 4, stepsPerEpoch: 4, totalSteps: 12 });
    expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json')).toMatchObject({
      settings: { batchSize: 4, accumulate: 2 },
      changes: [
        { step: 6, setting: 'batchSize', from: 8, to: 4 },
        { step: 6, setting: 'accumulate', from: 1, to: 2 },
      ],
    });
    const { result } = endOf(await collect(again, { store })); // as small as before, without being told again
    expect(result).toMatchObject({ steps: 12, epochs: 3 });
    const [one, other] = [await lines(whole), await lines(store)];
    const timeOf = ({ step, epoch, learningRate }: (typeof one)[number]) => ({ step, epoch, learningRate });
    expect(other.map(timeOf)).toEqual(one.map(timeOf));
    expect(other.slice(0, 6).map(({ loss }) => loss)).toEqual(one.slice(0, 6).map(({ loss }) => loss));
    expect(await failure({ ...again, epochs: 4, batchSize: 1 }, { store: await copyOf(store) })).toBe('nothing was thrown');
    await collect({ ...again, epochs: 4, accumulate: 1 }, { store });
    expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json')).toMatchObject({
      settings: { batchSize: 8, accumulate: 1, epochs: 4 },
      totalSteps: 16,
    });
  });

  it('computes nothing again when a finished run is resumed', async () => {
    const store = memoryStore();
    const end = endOf(await collect({ ...tiny, epochs: 1 }, { store }));
    const before = await filesOf(store);
    const again = { data: tiny.data, resume: true, backend: 'cpu' } as const;
    expect(await collect(again, { store })).toEqual([{ type: 'end', result: end.result, encoder: end.encoder, wasFinished: true }]);
    expect(await filesOf(store)).toEqual(before);
    await store.remove('encoder.safetensors'); // something is missing: it is written again
    expect(endOf(await collect(again, { store })).wasFinished).toBeUndefined();
    expect(await store.read('encoder.safetensors')).toEqual(before['encoder.safetensors']);
    expect(endOf(await collect(again, { store, report: true })).report).toBeDefined(); // no report had been written
  });

  it('says what to do in this run when there is no memory, or the loss is not finite', () => {
    const settings = settingsSchema.parse({ task: 'x', encoder: 'y', batchSize: 48, learningRate: 0.1, weightDecay: 0 });
    const messageOf = (code: 'SELFSUP_MEMORY' | 'SELFSUP_NON_FINITE' | 'SELFSUP_DATA', step = 7) =>
      (withWayOut(new SelfsupError(code, 'it failed'), { settings, step, nameOf: (name) => `--${name}` }) as Error).message;
    expect(messageOf('SELFSUP_MEMORY')).toBe(
      'it failed. This run can go on with --resume and --batchSize 24: the same updates from smaller forward passes',
    );
    expect(messageOf('SELFSUP_NON_FINITE')).toBe(
      'it failed. This run would go on to the same place; begin it again with --overwrite and a --learningRate below 0.1, or with --clipNorm 1',
    );
    expect(messageOf('SELFSUP_NON_FINITE', 0)).toMatch(/^it failed\. No update was made yet, so the learning rate has no part in it: /);
    expect(messageOf('SELFSUP_DATA')).toBe('it failed');
  });

  it('stops and frees everything when the loop is left', async () => {
    const events = await collect(tiny, {}, ({ type }) => type === 'step');
    expect(events.at(-1)!.type).toBe('step');
  });

  it('refuses what does not fit before anything is read, with the way out', async () => {
    expect(await failure({ ...tiny, task: 'mocov3x' })).toMatch(
      /^SELFSUP_OPTION: unknown task 'mocov3x'; did you mean moco-v3\? Known: simclr, /,
    );
    expect(await failure({ ...tiny, task: 'mlm' })).toContain("unknown task 'mlm'; did you mean masked-language?");
    expect(await failure({ ...tiny, task: 'moco-v2' })).toContain('did you mean moco?');
    expect(await failure({ ...tiny, encoder: 'resnet-18' })).toContain("unknown encoder 'resnet-18'; did you mean resnet18?");
    expect(await failure({ ...tiny, encoder: 'bert-tiny' })).toContain(
      'the encoder bert-tiny does not fit the task simclr, which takes conv-net',
    );
    expect(await failure({ ...tiny, batchsize: 4 })).toContain('has no option `batchsize`; did you mean `batchSize`?');
    expect(await failure({ ...tiny, epochs: -1 })).toBe('SELFSUP_OPTION: task simclr: `epochs` must be an integer >= 0, got -1');
    expect(await failure({ ...tiny, taskOptions: { queueSize: 4 } })).toContain('task simclr has no option `taskOptions.queueSize`');
    expect(await failure({ ...tiny, taskOptions: { temperature: '0.1' } })).toContain(
      "`taskOptions.temperature` must be a number > 0, got '0.1'",
    );
    expect(await failure({ ...tiny, data: undefined })).toContain('no data given; give `data`');
    expect(await failure({ ...tiny, data: 7 })).toContain('a number is nothing that data of the kind image can be opened from');
    expect(await failure({ ...tiny, batchSize: 64 })).toContain('a batch of 64 is larger than the 32 training images');
    expect(await failure({ ...tiny, batchSize: 1 })).toBe(
      'SELFSUP_OPTION: `batchSize` must be at least 2 for the task simclr, which compares the images of a batch with each other, got 1',
    );
    expect(await failure({ ...tiny, batchSize: 8, accumulate: 5 })).toContain(
      'an update of 5 batches of 8 is larger than the 32 training images of array; use `accumulate` 4 or less',
    );
    expect(await failure({ ...tiny, views: 'simclr' })).toContain('`views` must be a function, got string');
  });

  it('notices changed data of the same size when it resumes: other classes refuse, other pixels warn', async () => {
    const store = memoryStore('runs/x');
    await collect({ ...tiny, epochs: 1 }, { store });
    const data = twoClasses(40);
    const again = { resume: true, backend: 'cpu', epochs: 2 } as const;
    const relabeled = { ...data, labels: data.labels.map((label) => 1 - label) };
    expect(await failure({ ...again, data: relabeled }, { store })).toMatch(
      /the data has other names or classes than when this run was trained \(checksum \w{8} then, \w{8} now\); restore the data/,
    );
    const warnings = async (images: Uint8Array) =>
      (await collect({ ...again, data: { ...data, images } }, { store: await copyOf(store) })).flatMap((event) =>
        event.type === 'notice' && event.level === 'warning' ? [event.text] : [],
      );
    expect(await warnings(data.images)).toEqual([]);
    expect(await warnings(data.images.map((value, i) => (i === 7 ? 255 - value : value)))).toEqual([
      expect.stringMatching(/^the images of .* are not read as they were when the run began: files were changed/),
    ]);
  });

  it('knows its images again when their folder was moved, and notices other names', async () => {
    const { images, shape, labels, classNames } = twoClasses(40);
    const named = (nameOf: (i: number) => string) => ({
      ...arrayImages(images, shape, { name: 'photos', labels, classNames }),
      paths: labels.map((_, i) => nameOf(i)),
    });
    const store = memoryStore('runs/x');
    const own = (i: number) => `photos/${classNames[i % 2]!}/${i}.png`;
    await collect({ ...tiny, data: named(own), epochs: 1 }, { store });
    const again = { resume: true, backend: 'cpu', epochs: 2 } as const;
    expect(await failure({ ...again, data: named((i) => own(i === 3 ? 41 : i)) }, { store })).toContain(
      'the data has other names or classes',
    );
    const moved = await collect({ ...again, data: named((i) => `C:\\other\\${own(i).replaceAll('/', '\\')}`) }, { store });
    expect(endOf(moved).result).toMatchObject({ epochs: 2 });
  });

  it('refuses to write over a run, and to continue it as another', async () => {
    const store = memoryStore('runs/x');
    expect(await failure({ ...tiny, resume: true }, { store })).toContain('runs/x holds no run to continue');
    await collect({ ...tiny, epochs: 1 }, { store });
    expect(await failure(tiny, { store })).toContain('runs/x already holds a run');
    const again = { data: tiny.data, resume: true, backend: 'cpu' } as const;
    expect(await failure({ ...again, batchSize: 3 }, { store })).toContain(
      'this run makes each update from 8 samples (`batchSize` 8, `accumulate` 1) and goes on with as many, got `batchSize` 3; give `batchSize` alone, one that divides 8, such as 4, 2, 1, or',
    );
    expect(await failure({ ...again, batchSize: 4, accumulate: 4 }, { store })).toContain('got `batchSize` 4, `accumulate` 4');
    expect(await failure({ ...again, seed: 4 }, { store })).toContain('this run was trained with `seed` 0, got 4');
    expect(await failure({ ...again, epochs: 0 }, { store })).toContain('this run was trained with `epochs` 1, got 0');
    expect(await failure({ ...again, epochs: 2, data: twoClasses(48) }, { store })).toContain(
      'SELFSUP_CHECKPOINT: the data of this run had images 32 when it was trained',
    );
    await store.write('run.json', new TextEncoder().encode('null'));
    expect(await failure(again, { store })).toContain('SELFSUP_CHECKPOINT: runs/x/run.json must hold an object');
  });

  it('replaces what failed before its first update, as there is nothing to lose', async () => {
    const store = memoryStore('runs/x');
    const head = ({ inputDim }: { inputDim: number }) => linear({ inputDim, outputDim: 3 });
    const bad: RunConfig = { ...tiny, task: 'smog', taskOptions: { numGroups: 2, headOutput: 4 }, projectionHead: head };
    expect(await failure(bad, { store })).toContain("must be 3, the head's columns");
    expect(await store.list()).toContain('run.json');
    const events = await collect({ ...tiny, epochs: 1 }, { store });
    expect(endOf(events).result.task).toBe(tiny.task);
    expect(await failure(tiny, { store })).toContain('runs/x already holds a run');
  });

  it('refuses single images for capi, whose clusters are balanced over those of an update', async () => {
    const config: RunConfig = { ...tiny, task: 'capi', encoder: 'vit-tiny', encoderOptions: {}, taskOptions: {}, batchSize: 1 };
    expect(await failure(config)).toContain('`batchSize` must be at least 2, since clusters are balanced');
  });

  it('refuses to resume and to replace at once', async () => {
    expect(await failure({ ...tiny, resume: true, overwrite: true }, { store: memoryStore('runs/x') })).toContain(
      '`resume` goes on with a run and `overwrite` replaces it; give one of them',
    );
  });

  it('never takes the checkpoint of another run for its own', async () => {
    const store = memoryStore('runs/x');
    await collect({ ...tiny, epochs: 1 }, { store });
    await store.remove('run.json');
    expect(await failure(tiny, { store })).toContain('runs/x holds checkpoint.safetensors without its run.json; restore that and continue');
    const events = await collect({ ...tiny, epochs: 1, overwrite: true }, { store }, ({ type }) => type === 'start');
    expect(events.at(-1)).toMatchObject({ step: 0 });
    expect(await store.list()).not.toContain('encoder.safetensors');
  });

  it('finds damage to run.json, metrics.jsonl and result.json', async () => {
    const store = memoryStore('runs/x');
    await collect({ ...tiny, epochs: 1 }, { store });
    const again = { data: tiny.data, resume: true, backend: 'cpu' } as const;
    const change = async (name: string, from: string, to: string) => {
      const text = (await readText(store, name))!;
      await store.write(name, new TextEncoder().encode(text.replace(from, to)));
      const back = () => store.write(name, new TextEncoder().encode(text));
      return back;
    };
    for (const [name, from, to] of [
      ['run.json', '"seed": 0', '"seed": 1'],
      ['metrics.jsonl', '"step":2', '"step":3'],
    ] as const) {
      const back = await change(name, from, to);
      expect(await failure(again, { store })).toMatch(new RegExp(`^SELFSUP_CHECKPOINT: runs/x/${name} is damaged`));
      await back();
    }
    const result = (await readText(store, 'result.json'))!;
    await change('result.json', '"steps": 4', '"steps": 5');
    expect(() => parseRunResult(result.replace('"steps": 4', '"steps": 5'), 'result.json')).toThrow('result.json is damaged');
    await collect(again, { store }); // writes it again
    expect(parseRunResult((await readText(store, 'result.json'))!, 'result.json').steps).toBe(4);
  });

  it('never begins a trained run again because its checkpoint is gone', async () => {
    const store = memoryStore('runs/x');
    await collect({ ...tiny, epochs: 1 }, { store });
    const encoder = await store.read('encoder.safetensors');
    await store.remove('checkpoint.safetensors');
    for (const epochs of [1, 2])
      expect(await failure({ data: tiny.data, resume: true, backend: 'cpu', epochs }, { store })).toContain(
        'SELFSUP_CHECKPOINT: runs/x holds encoder.safetensors, but not the checkpoint.safetensors that it was made from',
      );
    expect(await store.read('encoder.safetensors')).toEqual(encoder);
  });

  it('detects a damaged checkpoint', async () => {
    const store = memoryStore('runs/x');
    await collect({ ...tiny, epochs: 1 }, { store });
    const bytes = (await store.read('checkpoint.safetensors'))!;
    bytes[bytes.length - 5]! ^= 4;
    await store.write('checkpoint.safetensors', bytes);
    expect(await failure({ data: tiny.data, resume: true, backend: 'cpu' }, { store })).toContain(
      'SELFSUP_CHECKPOINT: runs/x/checkpoint.safetensors cannot be used: the checkpoint is damaged',
    );
    await expect(loadEncoder(bytes)).rejects.toThrow('the checkpoint is damaged');
  });
});

describe('plugins', () => {
  const recipe = defineImageTask({
    name: 'my-contrast',
    title: 'My contrast',
    options: z.strictObject({ temperature: z.number().gt(0).default(0.3) }),
    input: twoViews,
    views: recipeSource('simclr'),
    create: (
      { backbone },
      { temperature },
    ): PretextTask<{ views: readonly tf.Tensor4D[] }, Record<string, never>, { z: readonly tf.Tensor2D[] }> => ({
      api: 1,
      name: 'my-contrast',
      create({ rng }) {
        const [encoder, head] = [
          backbone(rng.fold('encoder')),
          projectionHead({ inputDim: backbone.outputDim, hiddenDim: 8, outputDim: 4 })(rng.fold('head')),
        ];
        const join = (part: 'trainable' | 'buffers') => ({
          ...Object.fromEntries(Object.entries(encoder[part]).map(([path, variable]) => [`net/${path}`, variable])),
          ...Object.fromEntries(Object.entries(head[part]).map(([path, variable]) => [`head/${path}`, variable])),
        });
        return {
          encoders: { encoder },
          trainable: join('trainable'),
          buffers: join('buffers'),
          embed: ({ views }, _, { training }) => ({
            z: views.map((view) => l2Normalize(head.apply(encoder.apply(view, { training }), { training }))),
          }),
          loss: ({ z: embeddings }) => ({ loss: ntXent([...embeddings], { temperature, normalized: true }) }),
          dispose() {
            encoder.dispose();
            head.dispose();
          },
        };
      },
    }),
  });

  it("train anyone's task by its recipe, and keep its encoder wherever its variables lie", async () => {
    const store = memoryStore();
    const { result, encoder } = endOf(await collect({ ...tiny, task: recipe, taskOptions: {} }, { store }));
    expect(result.task).toBe('my-contrast');
    const run = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
    expect(run.encoder.prefix).toBe('net');
    expect(run.brought).toEqual({ plugins: ['the config'], functions: [] });
    const loaded = await loadEncoder(encoder);
    const { shape, data } = await loaded.embed(twoClasses(6));
    expect(shape).toEqual([6, 8]);
    expect(data.every(Number.isFinite)).toBe(true);
    loaded.dispose();
    expect(await failure({ data: tiny.data, resume: true, backend: 'cpu' }, { store })).toContain(
      "the task my-contrast of this run came from the config; nothing that a run's file names is loaded by itself, so give it again",
    );
    await collect({ data: tiny.data, task: recipe, resume: true, backend: 'cpu' }, { store });
  });

  it('must have names of their own and the contract of this version', () => {
    const other = { ...recipe, name: 'simclr' };
    expect(() => createRegistry([...builtinPlugins, definePlugin({ name: 'mine', tasks: [other] })])).toThrow(
      "the task 'simclr' comes from @selfsup/pretrain/image and from mine; leave one of them out, or rename it",
    );
    expect(() => createRegistry([definePlugin({ name: 'old', tasks: [{ ...recipe, api: 0 as never }] })])).toThrow(
      "the task 'my-contrast' of old is written for contract 0, this is contract 1",
    );
  });
});

describe('a kept encoder', () => {
  it('is judged by kNN, a linear probe and fine-tuning, and its report is drawn again', async () => {
    const store = memoryStore();
    const end = endOf(await collect(tiny, { store }));
    const encoder = await loadEncoder((await store.read('checkpoint.safetensors'))!);
    expect(encoder.step).toBe(8);
    await expect(openSamplesFor(encoder)).rejects.toThrow('this encoder learned from data that its file does not name; give `data`');
    const samples = await openSamplesFor(encoder, { data: twoClasses(60) });
    const knn = await evaluateKnn(encoder, samples, { baselines: true, k: 5 });
    expect(Object.keys(knn.accuracy)).toEqual(['trained', 'raw pixels', 'untrained']);
    const linear = await evaluateLinearProbe(encoder, samples, { l2: [0.01, 0.1] });
    expect(linear['trained']!.accuracy).toBeGreaterThan(80);
    const few = { counts: [8, 'all'], seeds: [0], epochs: 1, minSteps: 2, batchSize: 8 } as const;
    const tuned = await measureLabelCurve(encoder, samples, { ...few, method: 'full', scratch: true });
    expect(tuned.rows.map(({ count, arm }) => [count, arm])).toEqual([
      [8, 'pretrained'],
      [8, 'scratch'],
      [samples.train.length, 'pretrained'],
      [samples.train.length, 'scratch'],
    ]);
    const { rows } = await measureLabelCurve(encoder, samples, { counts: ['4-per-class'], seeds: [0, 1], baselines: true });
    expect(rows.map(({ count, arm }) => [count, arm])).toEqual([
      [8, 'pretrained'],
      [8, 'untrained'],
      [8, 'raw pixels'],
    ]);
    expect(rows[0]!.mean).toBeGreaterThan(0.8);
    const warnings: string[] = [];
    const report = await reportOfRun(encoder, {
      registry: createRegistry(builtinPlugins),
      result: end.result,
      records: parseMetrics((await readText(store, 'metrics.jsonl'))!),
      more: [],
      progress: { ...silentProgress, warn: (text) => warnings.push(text) },
    });
    expect(report.title).toBe('SimCLR on array');
    expect(warnings).toHaveLength(1);
    encoder.dispose();
  });

  it('must have finite weights', async () => {
    const store = memoryStore();
    await collect({ ...tiny, epochs: 1 }, { store });
    const { decodeCheckpoint, encodeCheckpoint } = await import('@selfsup/trainer');
    const file = await decodeCheckpoint('test', (await store.read('encoder.safetensors'))!);
    (file.tensors.get('trainable/backbone/conv1/kernel')!.data as Float32Array)[0] = NaN;
    await expect(loadEncoder(await encodeCheckpoint(file))).rejects.toThrow('the weights `conv1/kernel` of the encoder are not all finite');
  });
});
