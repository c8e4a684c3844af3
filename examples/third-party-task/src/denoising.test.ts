import { registerGradients } from '@selfsup/backends';
import { createRng, createStepContext, drawUniform } from '@selfsup/core';
import { linear, sequential, stateless } from '@selfsup/encoders';
import { pretrain } from '@selfsup/pretrain';
import { conformanceChecks } from '@selfsup/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import plugin, { denoising } from './index.ts';

await registerGradients();

// networks as small as can be: the checks make some hundred passes
const [rows, size] = [6, 4];
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1])),
  dense: linear({ inputDim: size * size * 3, outputDim: 8 }),
  tanh: stateless((x: tf.Tensor2D) => tf.tanh(x)),
});
const task = denoising({ backbone, decoder: linear({ inputDim: 8, outputDim: size * size * 3 }) });
const batchAt = (step: number) => ({
  images: tf.tensor4d(drawUniform(createRng(1).fold(step), rows * size * size * 3), [rows, size, size, 3]),
});

describe('the contract of pretext tasks', () => {
  for (const { name, skipped, run } of conformanceChecks({ task, batchAt })) it.skipIf(skipped !== undefined)(name, run);
});

describe('denoising', () => {
  it('adds noise of the deviation', () => {
    const creation = { rng: createRng(0), totalSteps: 10 };
    const run = denoising({ backbone, decoder: linear({ inputDim: 8, outputDim: 48 }), standardDeviation: 3 }).create(creation);
    const images = tf.zeros<tf.Rank.R4>([50, size, size, 3]);
    const noise = tf.tidy(() =>
      tf.moments(run.targets!({ images }, createStepContext({ ...creation, step: 0 })).corrupted).variance.arraySync(),
    );
    expect(Math.sqrt(noise as number)).toBeCloseTo(3, 0);
    images.dispose();
    run.dispose();
  });

  it('says what is wrong with a decoder', () => {
    const creation = { rng: createRng(0), totalSteps: 10 };
    const run = denoising({ backbone, decoder: linear({ inputDim: 8, outputDim: 5 }) }).create(creation);
    const batch = batchAt(0);
    const step = createStepContext({ ...creation, step: 0 });
    expect(() => tf.tidy(() => run.loss(batch, run.targets!(batch, step), step).loss)).toThrow('`decoder` must give 48 numbers, got 5');
    tf.dispose(batch);
    run.dispose();
  });

  it('is trained by selfsup as its own tasks are', async () => {
    const losses: number[] = [];
    const config = {
      plugins: [plugin],
      task: 'denoising',
      data: 'shapes',
      imageSize: 16,
      limit: 128,
      testLimit: 32,
      batchSize: 32,
      epochs: 4,
    };
    for await (const event of pretrain({ ...config, encoder: 'conv-net', encoderOptions: { widths: [16, 32] }, learningRate: 3e-3 })) {
      if (event.type === 'epoch') losses.push(event.loss);
      if (event.type === 'end') expect([event.result.task, event.result.steps]).toEqual(['denoising', 16]);
    }
    expect(losses).toHaveLength(4);
    expect(losses[3]).toBeLessThan(0.8 * losses[0]!);
  });
});
