import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import { beforeAll, describe, expect, it } from 'vitest';
import { sentences } from '../fixtures/tiny-text.ts';
import type { RunEvent } from './events.ts';
import { parseMetrics } from './metrics-log.ts';
import { pretrain, type PretrainOptions } from './pretrain.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText, type RunStore } from './run-store.ts';

const shape = [40, 8, 8, 1] as const;
const data = {
  images: Uint8Array.from(drawUniform(createRng(5), 40 * 64, { min: 0, max: 255 })),
  shape,
  labels: Array.from({ length: 40 }, (_, i) => i % 2),
  classNames: ['even', 'odd'],
};
const images: RunConfig = {
  ...{ data, epochs: 1, batchSize: 8, backend: 'cpu', testFraction: 0.2 },
  ...{ encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, taskOptions: { headOutput: 4 } },
};
const text: RunConfig = {
  ...{ task: 'masked-language', data: { texts: sentences(120) }, length: 16, vocabularySize: 100, epochs: 1, batchSize: 8, backend: 'cpu' },
  encoderOptions: { numLayers: 1, width: 8, numHeads: 2, maxPositions: 16 },
};

async function collect(config: RunConfig, options: PretrainOptions = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of pretrain(config, options)) events.push(event);
  return events;
}

const failure = (config: RunConfig, options?: PretrainOptions) =>
  collect(config, options).then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

async function train(config: RunConfig): Promise<RunStore> {
  const store = memoryStore('runs/old');
  await collect(config, { store });
  return store;
}

/** A learning rate that changes nothing in float32. */
const still = { learningRate: 1e-30, weightDecay: 0, schedule: 'constant', warmupEpochs: 0 } as const;

const weightsIn = async (store: RunStore, start: string) => {
  const { tensors } = await decodeCheckpoint('test', (await store.read('checkpoint.safetensors'))!);
  return Object.fromEntries([...tensors].flatMap(([path, { data: values }]) => (path.startsWith(start) ? [[path.slice(start.length), values as Float32Array] as const] : []))); // prettier-ignore
};

type Values = ArrayLike<number>;
const greatestDifference = (one: Values, other: Values) => Math.max(...Array.from(one, (value, i) => Math.abs(value - other[i]!)));

const runOf = async (store: RunStore) => parseRunFile((await readText(store, 'run.json'))!, 'run.json');

let old: RunStore;
let encoder: Uint8Array;
beforeAll(async () => {
  old = await train({ ...images, task: 'simclr' });
  encoder = (await old.read('encoder.safetensors'))!;
});

describe('a run that starts from an encoder', () => {
  it('has its weights in all of its networks, and its statistics', async () => {
    const store = memoryStore();
    await collect(
      {
        ...images,
        ...{ encoder: undefined, encoderOptions: undefined },
        ...still,
        task: 'moco',
        taskOptions: { queueSize: 16, headOutput: 4 },
        init: (await old.read('checkpoint.safetensors'))!,
      },
      { store },
    );
    const kept = await weightsIn(old, 'trainable/backbone/');
    expect(Object.keys(kept)).toContain('conv1/kernel');
    for (const place of ['trainable/backbone/', 'buffers/target/backbone/']) {
      const now = await weightsIn(store, place);
      for (const [path, values] of Object.entries(kept)) expect(greatestDifference(now[path]!, values), path).toBeLessThan(1e-6);
    }
    const [before, run] = [await runOf(old), await runOf(store)];
    expect(run.input).toEqual(before.input);
    expect(run.encoder).toMatchObject({ name: 'conv-net', options: before.encoder.options });
    expect(run.init).toMatchObject({ origin: 'simclr on array', step: 4 });
    expect(await store.read('start.safetensors')).toEqual(encoder);
  });

  it('is compared with what it started from, and says so in the report', async () => {
    const events = await collect({ ...images, task: 'simclr', init: encoder }, { report: true });
    const end = events.at(-1)!;
    if (end.type !== 'end') throw new Error('it has not ended');
    expect(Object.keys(end.result.comparisons[0]!.baselines)).toEqual(['raw pixels', 'the encoder that it started from']);
    expect(JSON.stringify(end.report!.sections)).toContain('those of simclr on array (4 updates, sha256 ');
    const first = events.find((event) => event.type === 'probe');
    expect(first).toMatchObject({ text: expect.stringContaining('kNN at the start') as string });
  });

  it('gives the same bits after it was killed before its first checkpoint, without being told again', async () => {
    const config: RunConfig = { ...images, task: 'simclr', init: encoder };
    const [whole, parts] = [memoryStore(), memoryStore()];
    await collect(config, { store: whole });
    const dying: RunStore = {
      ...parts,
      write: (name, bytes) => (name === 'checkpoint.safetensors' ? Promise.reject(new Error('killed')) : parts.write(name, bytes)),
    };
    await expect(collect(config, { store: dying })).rejects.toThrow('killed');
    expect(await parts.list()).not.toContain('checkpoint.safetensors');
    await collect({ data, resume: true, backend: 'cpu' }, { store: parts });
    expect(await parts.read('checkpoint.safetensors')).toEqual(await whole.read('checkpoint.safetensors'));
    const losses = async (store: RunStore) => parseMetrics((await readText(store, 'metrics.jsonl'))!).map((record) => record['loss']);
    expect(await losses(parts)).toEqual(await losses(whole));
  });

  it('must have an encoder of the same kind, undamaged', async () => {
    const config: RunConfig = { ...images, task: 'simclr', init: encoder };
    expect(await failure({ ...config, encoder: 'resnet18', encoderOptions: {} })).toContain(
      'SELFSUP_OPTION: `init`: that encoder has `encoder` "conv-net", this run asks for "resnet18"; leave `encoder` out',
    );
    expect(await failure({ ...config, encoderOptions: { widths: [4, 4] } })).toContain(
      'that encoder has `encoderOptions.widths` [4,8], this run asks for [4,4]; leave `encoderOptions.widths` out',
    );
    expect(await failure({ ...text, encoderOptions: {}, init: encoder })).toContain(
      'that encoder takes data of the kind image, the task masked-language learns from text',
    );
    const larger = { ...data, images: new Uint8Array(4 * data.images.length), shape: [40, 16, 16, 1] };
    expect(await failure({ ...config, data: larger })).toContain('the encoder takes images of 8x8x1, array has 16x16x1');
    const damaged = Uint8Array.from(encoder);
    damaged[damaged.length - 3]! ^= 8;
    expect(await failure({ ...config, init: damaged })).toContain('SELFSUP_CHECKPOINT: loadEncoder: the checkpoint is damaged');
    expect(await failure({ ...config, init: 'runs/old' })).toContain('`init` must be the bytes of an encoder.safetensors');
    const file = await decodeCheckpoint('test', encoder);
    (file.tensors.get('trainable/backbone/conv1/kernel')!.data as Float32Array)[0] = NaN;
    expect(await failure({ ...config, init: await encodeCheckpoint(file) })).toContain('are not all finite');
  });

  it('goes on with nothing else', async () => {
    const store = await train({ ...images, task: 'simclr', init: encoder });
    const again = { data, resume: true, backend: 'cpu', epochs: 2 } as const;
    const other = await (await train({ ...images, task: 'simclr', seed: 1 })).read('encoder.safetensors');
    expect(await failure({ ...again, init: other }, { store })).toContain('this run started from another encoder; resume without `init`');
    expect(await failure({ ...again, init: encoder }, { store: old })).toContain('this run started with fresh weights');
    const bytes = (await store.read('start.safetensors'))!;
    bytes[bytes.length - 3]! ^= 8;
    await store.write('start.safetensors', bytes);
    expect(await failure(again, { store })).toContain('start.safetensors, the encoder that this run started from, is damaged');
    await store.write('start.safetensors', encoder);
    expect(await failure({ ...again, init: encoder }, { store })).toBe('nothing was thrown');
  });

  it('has the tokenizer that the weights belong to', async () => {
    const first = await train(text);
    const init = (await first.read('encoder.safetensors'))!;
    const store = memoryStore();
    const more = { texts: sentences(60).map((sentence) => sentence.replaceAll('lives', 'dwells')) };
    const others = { ...text, encoderOptions: undefined };
    await collect({ ...others, ...still, data: more, init }, { store });
    expect(await readText(store, 'tokenizer.json')).toBe(await readText(first, 'tokenizer.json'));
    const kept = await weightsIn(first, 'trainable/backbone/');
    expect(Object.keys(kept).length).toBeGreaterThan(5);
    expect(await weightsIn(store, 'trainable/backbone/')).toMatchObject(kept);
    expect(await failure({ ...others, data: more, init, tokenizer: 'vocab.txt' })).toContain(
      '`tokenizer` must be left out for text in memory',
    );
  });

  it('grows with tokens that are added to its tokenizer, and refuses another', async () => {
    const first = await train(text);
    const init = (await first.read('encoder.safetensors'))!;
    const json = JSON.parse((await readText(first, 'tokenizer.json'))!) as {
      added_tokens: object[];
      model: { vocab: Record<string, number> };
    };
    const count = Object.keys(json.model.vocab).length;
    const token = (content: string, id: number) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: false,
    });
    const grown = { ...json, added_tokens: [...json.added_tokens, token('<user>', count), token('<url>', count + 1)] };
    const others = { ...text, encoderOptions: undefined };
    const data = { texts: sentences(60).map((sentence) => `<user> ${sentence} <url>`), tokenizer: JSON.stringify(grown) };
    const store = memoryStore();
    await collect({ ...others, ...still, data, init }, { store });
    expect((await runOf(store)).input).toMatchObject({ vocabularySize: count + 2 });
    expect(JSON.parse((await readText(store, 'tokenizer.json'))!)).toEqual(grown);
    const [old, now] = [await weightsIn(first, 'trainable/backbone/'), await weightsIn(store, 'trainable/backbone/')];
    const [before, after] = [old['embeddings/word/weight']!, now['embeddings/word/weight']!];
    expect(after.length - before.length).toBe(2 * 8);
    expect(after.slice(0, before.length)).toEqual(before);
    const mean = Array.from({ length: 8 }, (_, c) =>
      before.reduce((sum, value, i) => (i % 8 === c ? sum + value / (before.length / 8) : sum), 0),
    );
    const added = [after.slice(before.length, before.length + 8), after.slice(before.length + 8)];
    for (const row of added) expect(greatestDifference(row, mean)).toBeLessThan(0.05); // the mean, and a little of a fresh row
    expect(added[0]).not.toEqual(added[1]);
    const vocab = Object.fromEntries(Object.entries(json.model.vocab).map(([name, id]) => [id === 50 ? 'else' : name, id]));
    const another = { ...json, model: { ...json.model, vocab } };
    expect(await failure({ ...others, data: { ...data, tokenizer: JSON.stringify(another) }, init })).toMatch(
      /`tokenizer` must be that of the encoder \(`init`\), perhaps with tokens added behind its \d+, but id 50 is else instead of/,
    );
  });
});
