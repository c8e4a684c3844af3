import { createRng, drawUniform } from '@selfsup/core';
import { decodeCheckpoint } from '@selfsup/trainer';
import { expect, it } from 'vitest';
import { pretrain } from '../pretrain.ts';
import type { RunConfig } from '../run-config.ts';
import { memoryStore, type RunStore } from '../run-store.ts';

const data = { images: Uint8Array.from(drawUniform(createRng(5), 40 * 64, { min: 0, max: 255 })), shape: [40, 8, 8, 1] as const };
const base: RunConfig = {
  ...{ task: 'beit', data, epochs: 1, batchSize: 16, backend: 'cpu', testFraction: 0.2, schedule: 'constant', warmupEpochs: 0 },
  ...{ encoderOptions: { patchSize: 4, numLayers: 1, width: 8, numHeads: 1 }, taskOptions: { vocabularySize: 6 } },
};

async function train(config: RunConfig, store = memoryStore()): Promise<RunStore> {
  for await (const event of pretrain(config, { store })) if (event.type === 'stopped') throw new Error('it was stopped');
  return store;
}
const valuesIn = async (store: RunStore) => {
  const { tensors } = await decodeCheckpoint('test', (await store.read('checkpoint.safetensors'))!);
  return new Map([...tensors].map(([path, tensor]) => [path, tensor.data as Float32Array]));
};

it('is learned from the data when a run begins, and comes from its checkpoint when it goes on', async () => {
  const whole = await valuesIn(await train({ ...base, epochs: 2 }));
  const parts = await train(base);
  const codebook = (await valuesIn(parts)).get('buffers/tokenizer/codebook')!;
  expect(codebook).toHaveLength(6 * 16);
  expect(new Set(codebook).size).toBeGreaterThan(90); // means of patches, not what an untaught run has
  await train({ data, resume: true, epochs: 2, backend: 'cpu' }, parts);
  const resumed = await valuesIn(parts);
  expect(resumed.get('buffers/tokenizer/codebook')).toEqual(codebook);
  expect(resumed).toEqual(whole);
  const other = (await valuesIn(await train({ ...base, seed: 1 }))).get('buffers/tokenizer/codebook');
  expect(other).not.toEqual(codebook);
});

it('needs as many patches as it has tokens', async () => {
  await expect(train({ ...base, taskOptions: { vocabularySize: 161 } })).rejects.toThrow(
    /have 160 patches of 4 pixels, too few for a vocabulary of 161; give more images, or a smaller `vocabularySize`/,
  );
});
