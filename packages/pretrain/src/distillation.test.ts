import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { decodeCheckpoint } from '@selfsup/trainer';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtinPlugins } from './builtins.ts';
import { loadEncoder } from './load-encoder.ts';
import { parseMetrics } from './metrics-log.ts';
import { pretrain, type PretrainOptions } from './pretrain.ts';
import { reportRun } from './report-run.ts';
import { createRegistry } from './registry.ts';
import type { RunConfig } from './run-config.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText, type RunStore } from './run-store.ts';

const data = { images: Uint8Array.from(drawUniform(createRng(5), 40 * 64, { min: 0, max: 255 })), shape: [40, 8, 8, 1] as const };
const large = {
  images: Uint8Array.from(drawUniform(createRng(6), 40 * 256 * 3, { min: 0, max: 200 })),
  shape: [40, 16, 16, 3] as const,
};
const base: RunConfig = {
  ...{ data, epochs: 1, batchSize: 8, backend: 'cpu', testFraction: 0.2 },
  ...{ encoder: 'conv-net', encoderOptions: { widths: [4, 8] } },
};

async function train(config: RunConfig, options: PretrainOptions = {}): Promise<RunStore> {
  const { store = memoryStore('runs/student') } = options;
  for await (const event of pretrain(config, { ...options, store })) expect(event.type).not.toBe('stopped');
  return store;
}

const failure = (config: RunConfig, options?: PretrainOptions) =>
  train(config, options).then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

let taught: RunStore;
let teacher: Uint8Array;
beforeAll(async () => {
  const vit = { encoder: 'vit-tiny', encoderOptions: { numLayers: 1, width: 16, numHeads: 2 } };
  taught = await train({ ...base, ...vit, data: large, task: 'simclr', taskOptions: { headOutput: 4 } });
  teacher = (await taught.read('encoder.safetensors'))!;
});

it('beit takes its tokens from a teacher, and goes on with them', async () => {
  const vit = { encoder: 'vit-tiny', encoderOptions: { numLayers: 1, width: 16, numHeads: 2, patchSize: 2 } } as const;
  const config: RunConfig = {
    ...base,
    ...vit,
    task: 'beit',
    taskOptions: { vocabularySize: 4 },
    teacher,
    schedule: 'constant',
    warmupEpochs: 0,
  };
  const whole = await train({ ...config, epochs: 2 });
  const parts = await train(config);
  await train({ data, resume: true, epochs: 2, backend: 'cpu' }, { store: parts });
  const read = async (store: RunStore) => (await decodeCheckpoint('test', (await store.read('checkpoint.safetensors'))!)).tensors;
  const [first, second] = [await read(whole), await read(parts)];
  expect(first.get('buffers/tokenizer/codebook')!.shape).toEqual([4, 16]);
  expect([...first.keys()].filter((path) => path.includes('tokenizer/encoder'))).toEqual([]);
  expect([...second].map(([path, { data: values }]) => [path, values])).toEqual(
    [...first].map(([path, { data: values }]) => [path, values]),
  );
  const own = await read(await train({ ...base, ...vit, task: 'beit', taskOptions: { vocabularySize: 4 } }));
  expect(own.get('buffers/tokenizer/codebook')!.shape).toEqual([4, 4]);
  const other = { ...config, encoderOptions: { ...vit.encoderOptions, patchSize: 4 } };
  expect(await failure(other)).toContain(
    'the `teacher` of beit must divide an image into 2x2 patches like the encoder that learns, got 4x4; choose another teacher',
  );
  const convNet = (await (await train({ ...base, task: 'simclr', taskOptions: { headOutput: 4 } })).read('encoder.safetensors'))!;
  expect(await failure({ ...config, teacher: convNet })).toContain('the teacher of beit must be an encoder of patches: vit-tiny');
});

describe('distillation as a run', () => {
  it.each([
    ['features', {}],
    ['places and features', { patchWeight: 1, measure: 'mse' }],
    ['similarities', { featureWeight: 0, similarityWeight: 1, queueSize: 32 }],
  ])('learns %s from a teacher of another architecture, size and number of channels', async (_, taskOptions) => {
    const store = await train({ ...base, task: 'distillation', taskOptions, teacher: (await taught.read('checkpoint.safetensors'))! });
    const run = parseRunFile((await readText(store, 'run.json'))!, 'run.json');
    expect(run.teacher).toMatchObject({ origin: 'simclr on array', step: 5 });
    expect(await store.read('teacher.safetensors')).toEqual(teacher);
    const { tensors, metadata } = await decodeCheckpoint('test', (await store.read('checkpoint.safetensors'))!);
    expect(metadata['frozen']).toMatch(/^[0-9a-f]{64}$/);
    expect([...tensors.keys()].filter((path) => path.includes('teacher/'))).toEqual([]);
    const losses = parseMetrics((await readText(store, 'metrics.jsonl'))!).filter(({ type }) => type === 'step');
    expect(losses).toHaveLength(5);
    const encoder = await loadEncoder((await store.read('encoder.safetensors'))!);
    expect(encoder.origin).toBe('distillation on array');
    encoder.dispose();
    const report = await reportRun(store, { registry: createRegistry(builtinPlugins) });
    expect(JSON.stringify(report.sections)).toContain('simclr on array (5 updates, sha256 ');
  });

  it('goes on without being given its teacher again, and only with that one', async () => {
    const config: RunConfig = { ...base, task: 'distillation', teacher, schedule: 'constant', warmupEpochs: 0 };
    const whole = await train({ ...config, epochs: 2 });
    const parts = await train(config);
    const again = { data, resume: true, epochs: 2, backend: 'cpu' } as const;
    const other = (await (await train({ ...base, task: 'simclr', taskOptions: { headOutput: 4 } })).read('encoder.safetensors'))!;
    expect(await failure({ ...again, teacher: other }, { store: parts })).toContain(
      'this run learns from another encoder; resume without `teacher`',
    );
    await train(again, { store: parts });
    const weights = async (store: RunStore) => {
      const { tensors } = await decodeCheckpoint('test', (await store.read('checkpoint.safetensors'))!);
      return new Map([...tensors].map(([path, tensor]) => [path, tensor.data]));
    };
    expect(await weights(parts)).toEqual(await weights(whole));
    await parts.write('teacher.safetensors', other);
    expect(await failure({ ...again, epochs: 3 }, { store: parts })).toContain(
      'teacher.safetensors, the encoder that this run learns from, is damaged',
    );
  });

  it('needs a teacher of its kind of data, and is the only one that takes one', async () => {
    expect(await failure({ ...base, task: 'distillation' })).toContain(
      'SELFSUP_OPTION: the task distillation learns from a trained encoder; give `teacher`: an encoder of images',
    );
    expect(await failure({ ...base, task: 'simclr', teacher })).toContain(
      '`teacher` must be left out: the task simclr learns from data alone',
    );
    expect(await failure({ ...base, task: 'distillation', teacher: 'runs/old' })).toContain(
      '`teacher` must be the bytes of an encoder.safetensors',
    );
  });
});
