import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { decodeCheckpoint } from '@selfsup/trainer';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtinPlugins } from './builtins.ts';
import { pretrain } from './pretrain.ts';
import { createRegistry } from './registry.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText, type RunStore } from './run-store.ts';

const data = { images: Uint8Array.from(drawUniform(createRng(5), 40 * 64, { min: 0, max: 255 })), shape: [40, 8, 8, 1] as const };
const base: RunConfig = {
  ...{ task: 'simclr', data, epochs: 1, batchSize: 8, backend: 'cpu', testFraction: 0.2, momentum: 0, weightDecay: 0 },
  ...{ encoder: 'conv-net', encoderOptions: { widths: [4, 4, 8] }, taskOptions: { headOutput: 4 } },
};

async function train(config: RunConfig): Promise<RunStore> {
  const store = memoryStore();
  for await (const event of pretrain(config, { store })) if (event.type === 'stopped') throw new Error('it was stopped');
  return store;
}

const failure = (config: RunConfig) =>
  train(config).then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

const valuesIn = async (store: RunStore, name: 'checkpoint' | 'start' = 'checkpoint') => {
  const { tensors } = await decodeCheckpoint('test', (await store.read(`${name}.safetensors`))!);
  return new Map([...tensors].map(([path, tensor]) => [path, tensor.data as Float32Array]));
};

const runOf = async (store: RunStore) => parseRunFile((await readText(store, 'run.json'))!, 'run.json');

let init: Uint8Array;
beforeAll(async () => {
  init = (await (await train(base)).read('encoder.safetensors'))!;
});

describe('frozenLayers', () => {
  it.each(['simclr', 'moco', 'byol'])('keeps weights and statistics of the first layers to the bit, in %s', async (task) => {
    const taskOptions = { headOutput: 4, ...(task === 'moco' && { queueSize: 16 }) };
    const store = await train({ ...base, task, taskOptions, optimizer: 'adamw', weightDecay: 0.1, init, frozenLayers: 2 });
    const [before, after] = [await valuesIn(store, 'start'), await valuesIn(store)];
    expect(before.size).toBe(15);
    for (const [path, values] of before)
      if (/(conv|norm)[12]\//.test(path)) expect(after.get(path), path).toEqual(values);
      else expect(after.get(path), path).not.toEqual(values);
    expect([...after.keys()].filter((path) => /^optimizer.*backbone\/(conv|norm)[12]/.test(path))).toEqual([]); // no slots
    expect((await runOf(store)).settings).toMatchObject({ frozenLayers: 2, layerDecay: 1 });
  });

  it('goes on after a break as if there had been none', async () => {
    const config = { ...base, init, frozenLayers: 1, schedule: 'constant', warmupEpochs: 0 } as const;
    const whole = await train({ ...config, epochs: 2 });
    const parts = await train(config);
    for await (const event of pretrain({ data, resume: true, epochs: 2, backend: 'cpu' }, { store: parts }))
      expect(event.type).not.toBe('stopped');
    expect(await valuesIn(parts)).toEqual(await valuesIn(whole));
  });
});

describe('layerDecay', () => {
  it('gives each layer a rate of its own', async () => {
    const one = { ...base, init, batchSize: 32, schedule: 'constant', warmupEpochs: 0, learningRate: 0.01 } as const; // one update
    const [plain, decayed] = [await train(one), await train({ ...one, layerDecay: 0.5 })];
    const [start, same, slower] = [await valuesIn(plain, 'start'), await valuesIn(plain), await valuesIn(decayed)];
    for (const [layer, factor] of [
      ['conv1/kernel', 0.125],
      ['conv2/kernel', 0.25],
      ['norm2/scale', 0.25],
      ['conv3/kernel', 0.5],
    ] as const) {
      const path = `trainable/backbone/${layer}`;
      const moved = (values: Map<string, Float32Array>) => values.get(path)!.map((value, i) => value - start.get(path)![i]!);
      const [whole, part] = [moved(same), moved(slower)];
      expect(Math.max(...whole.map(Math.abs))).toBeGreaterThan(1e-5);
      expect(Math.max(...whole.map((value, i) => Math.abs(part[i]! - factor * value))), layer).toBeLessThan(1e-7);
    }
    const head = [...same.keys()].filter((path) => path.startsWith('trainable/projectionHead/'));
    expect(head.length).toBeGreaterThan(0);
    for (const path of head) expect(slower.get(path), path).toEqual(same.get(path));
    expect((await runOf(decayed)).optimizer.at(-1)).toBe('layerwiseDecay');
  });
});

describe('the layers of an encoder', () => {
  const registry = createRegistry(builtinPlugins);
  it.each([
    ['conv-net', { widths: [1, 1] }, 2, { 'conv1/kernel': 0, 'norm1/mean': 0, 'conv2/kernel': 1, 'norm2/scale': 1 }],
    ['resnet18', {}, 5, { 'stem/conv/kernel': 0, 'stage1/block2/conv1/kernel': 1, 'stage4/block1/norm1/scale': 4 }],
    [
      'vit-tiny',
      { numLayers: 3 },
      4,
      { 'patch/kernel': 0, classToken: 0, registers: 0, 'block1/norm1/scale': 1, 'block3/mlp/linear2/bias': 3, 'norm/scale': 4 },
    ],
    [
      'bert-tiny',
      { numLayers: 2 },
      3,
      { 'embeddings/word/weight': 0, 'embeddings/norm/scale': 0, 'encoder/layer0/output/bias': 1, 'encoder/layer1/norm/scale': 2 },
    ],
  ] as const)('of %s', (name, options, count, expected) => {
    const layers = registry.encoders.get(name).layers!(options);
    expect(layers.count).toBe(count);
    expect(Object.fromEntries(Object.keys(expected).map((path) => [path, layers.layerOf(path)]))).toEqual(expected);
  });

  it('are not all frozen, and must be known', async () => {
    expect(await failure({ ...base, frozenLayers: 3 })).toContain('`frozenLayers` must be less than 3, the layers of the encoder conv-net');
    const known = registry.encoders.get('conv-net');
    const encoder = { name: 'my-net', title: 'mine', modalities: ['image'], options: known.options, create: known.create.bind(known) };
    expect(await failure({ ...base, encoder, layerDecay: 0.5 })).toContain(
      '`layerDecay` must be left out: the encoder my-net does not say what its layers are',
    );
  });
});

describe('a run that goes on from an encoder', () => {
  it('has a tenth of the rate and a short warm-up unless the user says otherwise, and records them', async () => {
    const { settings: fresh } = await runOf(await train({ ...base, epochs: 0 }));
    const { settings: on } = await runOf(await train({ ...base, epochs: 0, init }));
    expect(on.learningRate).toBeCloseTo(fresh.learningRate / 10, 12);
    expect([fresh.warmupEpochs, on.warmupEpochs]).toEqual([2, 1]);
    const { settings: given } = await runOf(await train({ ...base, epochs: 0, init, learningRate: 0.5, warmupEpochs: 3 }));
    expect(given).toMatchObject({ learningRate: 0.5, warmupEpochs: 3 });
  });
});
