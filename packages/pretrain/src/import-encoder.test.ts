import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { convNet, saveWeights } from '@selfsup/encoders';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeEncoder } from './encoder-file.ts';
import { openSamplesFor } from './evaluate-encoder.ts';
import { importEncoder, type ForeignEncoder } from './import-encoder.ts';
import { loadEncoder } from './load-encoder.ts';
import { pretrain } from './pretrain.ts';
import { parseRunFile } from './run-file.ts';
import { memoryStore, readText } from './run-store.ts';

const pixels = Uint8Array.from(drawUniform(createRng(5), 24 * 64, { min: 0, max: 255 }));
const images = { images: pixels, shape: [24, 8, 8, 1] as const, labels: Array.from({ length: 24 }, (_, i) => i % 2) };

async function foreign(): Promise<ForeignEncoder> {
  const network = convNet({ channels: 1, widths: [4, 8] })(createRng(3));
  const weights = await saveWeights(network);
  network.dispose();
  return {
    ...{ modality: 'image', encoder: 'conv-net', encoderOptions: { widths: [4, 8] }, weights },
    input: { size: 8, channels: 1, mean: [0.25], std: [0.5] },
    source: { name: 'hf:someone/something', sha256: 'a'.repeat(64), family: 'theirs' },
  };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => (isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error)),
  );

it('makes of weights from elsewhere an encoder with their features', async () => {
  const given = await foreign();
  const before = tf.memory().numTensors;
  const bytes = await importEncoder(given);
  expect(await describeEncoder(bytes)).toMatchObject({
    ...{ modality: 'image', origin: 'hf:someone/something', plugins: [], step: 0 },
    encoder: { name: 'conv-net', options: { widths: [4, 8], norm: 'batch' } },
    settings: { seed: 0, readout: 'global', knnK: 200 },
  });
  const encoder = await loadEncoder(bytes);
  const { data } = await encoder.embed(images);
  expect(encoder.run).toBeUndefined();
  const network = convNet({ channels: 1, widths: [4, 8] })(createRng(3));
  const expected = tf.tidy(() => {
    const input = tf.tensor4d(
      Float32Array.from(pixels, (value) => (value / 255 - 0.25) / 0.5),
      [24, 8, 8, 1],
    );
    return network.apply(input, { training: false }).dataSync();
  });
  expect(Math.max(...data.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-6);
  expect(await failure(openSamplesFor(encoder))).toContain('SELFSUP_DATA: this encoder learned from data that its file does not name');
  network.dispose();
  encoder.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('starts a run with them, with their normalization and their size', async () => {
  const given = await foreign();
  const network = convNet({ channels: 3, widths: [4, 8] })(createRng(3));
  const colored = {
    ...given,
    weights: await saveWeights(network),
    input: { size: 16, channels: 3, mean: [0.1, 0.2, 0.3], std: [1, 1, 1] },
  };
  network.dispose();
  const store = memoryStore();
  const init = await importEncoder(colored);
  const few = { limit: 8, testLimit: 4, epochs: 1, batchSize: 4, taskOptions: { headOutput: 4 }, probeEvery: 0, backend: 'cpu' } as const;
  for await (const event of pretrain({ init, data: 'shapes', ...few }, { store })) expect(event.type).not.toBe('stopped');
  expect(parseRunFile((await readText(store, 'run.json'))!, 'run.json')).toMatchObject({
    input: colored.input, // shapes have 32 pixels unless the encoder wants others
    encoder: { name: 'conv-net', options: { widths: [4, 8] } },
    init: { origin: 'hf:someone/something', step: 0 },
  });
});

it('refuses weights that do not fit, and a damaged description', async () => {
  const given = await foreign();
  const fewer = Object.fromEntries(Object.entries(given.weights).filter(([path]) => path !== 'conv2/kernel'));
  expect(await failure(importEncoder({ ...given, weights: fewer }))).toContain('`weights` lacks `conv2/kernel`');
  expect(await failure(importEncoder({ ...given, encoderOptions: { width: [4] } }))).toMatch(/^SELFSUP_OPTION: .*width/);
  const { metadata, tensors } = await decodeCheckpoint('test', await importEncoder(given));
  const broken = async (change: object) =>
    failure(
      encodeCheckpoint({
        metadata: { ...metadata, encoder: JSON.stringify({ ...JSON.parse(metadata['encoder']!), ...change }) },
        tensors,
      }).then(loadEncoder),
    );
  expect(await broken({ settings: { seed: -1 } })).toMatch(/^SELFSUP_CHECKPOINT: .*`settings.seed`/);
  expect(await broken({ source: { name: 'x', sha256: 'y', family: 'z' } })).toContain('`source.sha256`');
  expect(await broken({ encoder: { name: 'conv-net', options: { widths: [4] }, prefix: 'backbone' } })).toMatch(/^SELFSUP_CHECKPOINT/);
});
