// @tensorflow/tfjs-layers on these kernels: each layer trains as it does on the cpu backend.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layerModels, type LayerModel } from '../test/layer-models.ts';
import { builds, dirtyHeap, integer, randomFrom, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

const BATCH = 4;
const STEPS = 4;

/** The losses of a few steps of Adam on one batch, on the current backend. */
async function losses({ build, inputShape, tokens }: LayerModel): Promise<number[]> {
  const random = randomFrom(3);
  const size = BATCH * inputShape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, () => (tokens === undefined ? random() * 2 - 1 : integer(random, 0, tokens - 1)));
  const x = tf.tensor(values, [BATCH, ...inputShape]);
  const y = tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0], [BATCH, 3]);
  const model = build();
  const optimizer = tf.train.adam(0.01, 0.9, 0.999, 1e-7);
  model.compile({ optimizer, loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits) });
  const result: number[] = [];
  for (let step = 0; step < STEPS; step++) result.push((await model.trainOnBatch(x, y)) as number);
  model.dispose();
  optimizer.dispose();
  tf.dispose([x, y]);
  return result;
}

describe.each(builds)('layers of tfjs-layers (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it.each(layerModels.map((model) => [model.title, model] as const))('%s', async (_, model) => {
    await tf.setBackend('cpu');
    const expected = await losses(model);
    await tf.setBackend('wasm');
    dirtyHeap(randomFrom(1));
    const got = await losses(model);
    expect(got.at(-1)).toBeLessThan(got[0]!);
    got.forEach((loss, step) => {
      expect(Math.abs(loss - expected[step]!) / expected[step]!, `step ${step}: ${got.join(' ')}, cpu ${expected.join(' ')}`).toBeLessThan(
        1e-4,
      );
    });
  });
});
