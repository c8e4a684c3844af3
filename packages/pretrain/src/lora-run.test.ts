import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { decodeCheckpoint } from '@selfsup/trainer';
import { beforeAll, describe, expect, it } from 'vitest';
import { sentences } from '../fixtures/tiny-text.ts';
import { mergeAdapters } from './adapters.ts';
import { loadEncoder } from './load-encoder.ts';
import { pretrain } from './pretrain.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText, type RunStore } from './run-store.ts';

const data = { images: Uint8Array.from(drawUniform(createRng(5), 32 * 64, { min: 0, max: 255 })), shape: [32, 8, 8, 1] as const };
const images: RunConfig = {
  ...{ task: 'simclr', data, epochs: 1, batchSize: 8, backend: 'cpu', encoder: 'vit-tiny', taskOptions: { headOutput: 4 } },
  encoderOptions: { numLayers: 2, width: 16, numHeads: 2 },
};
const adapted: RunConfig = {
  ...images,
  encoder: undefined,
  encoderOptions: undefined,
  learningRate: 0.01,
  warmupEpochs: 0,
  loraRank: 2,
  loraAlpha: 4,
};

async function train(config: RunConfig, store = memoryStore()): Promise<RunStore> {
  for await (const event of pretrain(config, { store })) expect(event.type).not.toBe('stopped');
  return store;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

const valuesIn = async (bytes: Uint8Array) =>
  new Map([...(await decodeCheckpoint('test', bytes)).tensors].map(([path, tensor]) => [path, tensor.data as Float32Array]));
const file = async (store: RunStore, name: string) => (await store.read(name))!;
const features = async (bytes: Uint8Array, input: unknown = data) => {
  const encoder = await loadEncoder(bytes);
  const { data: values } = await encoder.embed(input);
  encoder.dispose();
  return values;
};
const apart = (one: ArrayLike<number>, other: ArrayLike<number>) => Math.max(...Array.from(one, (value, i) => Math.abs(value - other[i]!)));

let init: Uint8Array;
beforeAll(async () => {
  init = await file(await train(images), 'encoder.safetensors');
});

describe('a run with LoRA', () => {
  it('keeps its weights to the bit, an encoder with the adapters in them, and the adapters alone', async () => {
    const store = await train({ ...adapted, init });
    const [start, checkpoint] = [await valuesIn(init), await valuesIn(await file(store, 'checkpoint.safetensors'))];
    for (const [path, values] of start) expect(checkpoint.get(path), path).toEqual(values);
    const slots = [...checkpoint.keys()].filter((path) => path.startsWith('optimizer') && path.includes('backbone'));
    expect(slots.length).toBeGreaterThan(0);
    expect(slots.every((path) => path.includes('/lora/'))).toBe(true);
    const encoder = await file(store, 'encoder.safetensors');
    const plain = await valuesIn(encoder);
    expect([...plain.keys()]).toEqual([...start.keys()]);
    const changed = [...plain].filter(([path, values]) => apart(values, start.get(path)!) > 0).map(([path]) => path);
    expect(changed.sort()).toEqual(
      ['query', 'value'].flatMap((name) => [1, 2].map((block) => `trainable/backbone/block${block}/attention/${name}/kernel`)).sort(),
    );
    const kept = await file(store, 'adapters.safetensors');
    expect(kept.length).toBeLessThan(encoder.length / 2);
    const now = await features(encoder);
    expect(apart(now, await features(init))).toBeGreaterThan(1e-4);
    expect(apart(now, await features(await file(store, 'checkpoint.safetensors')))).toBe(0);
    expect(apart(now, await features(await mergeAdapters(init, kept)))).toBe(0);
    const { settings } = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
    expect(settings).toMatchObject({ loraRank: 2, loraAlpha: 4, loraTargets: 'query-value', loraNorms: false });
    expect(await failure(mergeAdapters(encoder, kept))).toContain('these adapters were trained beside another encoder');
    expect(await failure(mergeAdapters(init, init))).toContain('`adapters` must be the adapters.safetensors of a run with LoRA');
    const next = await train({
      ...images,
      encoder: undefined,
      encoderOptions: undefined,
      init: await file(store, 'checkpoint.safetensors'),
      epochs: 0,
    });
    expect(await valuesIn(await file(next, 'encoder.safetensors'))).toEqual(plain);
  });

  it('goes on after a break as if there had been none, with momentum networks, decay by layer and frozen layers', async () => {
    const taskOptions = { headOutput: 4, queueSize: 16 };
    const config = {
      ...adapted,
      init,
      task: 'moco',
      taskOptions,
      layerDecay: 0.5,
      frozenLayers: 1,
      schedule: 'constant',
      loraNorms: true,
    } as const;
    const whole = await train({ ...config, epochs: 2 });
    const parts = await train(config);
    await train({ data, resume: true, epochs: 2, backend: 'cpu' }, parts);
    expect(await valuesIn(await file(parts, 'checkpoint.safetensors'))).toEqual(
      await valuesIn(await file(whole, 'checkpoint.safetensors')),
    );
    const merged = await mergeAdapters(init, await file(whole, 'adapters.safetensors'));
    expect(apart(await features(merged), await features(await file(whole, 'encoder.safetensors')))).toBe(0);
  });

  it('adapts BERT, too', async () => {
    const texts = { texts: sentences(60) };
    const text: RunConfig = {
      ...{ task: 'masked-language', data: texts, length: 16, vocabularySize: 100, epochs: 1, batchSize: 8, backend: 'cpu' },
      encoderOptions: { numLayers: 1, width: 8, numHeads: 2, maxPositions: 16 },
    };
    const before = await file(await train(text), 'encoder.safetensors');
    const store = await train({
      ...text,
      encoderOptions: undefined,
      init: before,
      loraRank: 2,
      loraTargets: 'all',
      learningRate: 0.01,
      warmupEpochs: 0,
    });
    const now = await features(await file(store, 'encoder.safetensors'), texts);
    expect(apart(now, await features(before, texts))).toBeGreaterThan(1e-5);
    expect(apart(now, await features(await file(store, 'checkpoint.safetensors'), texts))).toBe(0);
  });

  it('needs trained weights, and an encoder with linear layers', async () => {
    expect(await failure(train({ ...images, loraRank: 2 }))).toContain('`loraRank` must be 0 where the encoder starts with fresh weights');
    expect(await failure(train({ ...images, loraAlpha: 2 }))).toContain('`loraAlpha` must be left out without adapters');
    const conv = { ...images, encoder: 'conv-net', encoderOptions: { widths: [4, 8] } };
    const other = await file(await train({ ...conv, epochs: 0 }), 'encoder.safetensors');
    expect(await failure(train({ ...conv, init: other, loraRank: 2 }))).toContain('adapters are for Transformers such as vit and bert');
  });
});
