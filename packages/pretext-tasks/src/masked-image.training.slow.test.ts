import { maskPatches } from '@selfsup/augment';
import { createRng, drawUniform } from '@selfsup/core';
import { linear, maeDecoder, vit } from '@selfsup/encoders';
import { adamW } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it } from 'vitest';
import { mae } from './mae.ts';
import { simMim } from './sim-mim.ts';

const size = { imageSize: 8, patchSize: 2, numLayers: 2, width: 32, numHeads: 2 };
const masking = maskPatches({ gridSize: 4, maskRatio: 0.5 });
const tasks = {
  mae: mae({
    backbone: vit(size),
    decoder: maeDecoder({ inputDim: 32, gridSize: 4, patchSize: 2, width: 32, numLayers: 1, numHeads: 2 }),
    masking,
    normalizePixels: false,
  }),
  'sim-mim': simMim({
    backbone: vit({ ...size, maskToken: true }),
    head: linear({ inputDim: 32, outputDim: 12 }),
    masking,
  }) as unknown as ReturnType<typeof mae>,
};

afterEach(async () => {
  await tf.setBackend('cpu');
});

it.each(Object.entries(tasks))('%s learns the pixels that the other patches tell', async (name, task) => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
  const steps = 200;
  const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 0.003 }), totalSteps: steps, seed: 0 });
  let [loss, blind] = [0, 0];
  for (let step = 0; step < steps; step++) {
    // each image is a ramp whose slope differs by channel: any patch tells all others
    const images = tf.tidy(() => {
      const slopes = tf.tensor(drawUniform(createRng(step), 16 * 3, { min: -1, max: 1 }), [16, 1, 1, 3]);
      return tf.mul<tf.Tensor4D>(tf.mul(slopes, tf.reshape(tf.linspace(-2, 2, 8), [1, 8, 1, 1])), tf.ones([1, 1, 8, 1]));
    });
    const result = await trainer.trainStep({ images });
    if (step >= steps - 10) {
      loss += result.loss;
      blind += tf.tidy(() => tf.mean(name === 'mae' ? tf.square(images) : tf.abs(images)).dataSync()[0]!); // as if it predicted 0 everywhere
    }
    images.dispose();
  }
  trainer.dispose();
  expect(loss).toBeLessThan((name === 'mae' ? 0.25 : 0.5) * blind);
});
