// DenseCL: find the key of an image, and of each place of its feature map, among those of earlier batches.
// In this repository: node --conditions=@selfsup/source examples/tasks/dense-cl.ts [steps]
import { simclrViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { denseCl } from '@selfsup/pretext-tasks/dense-cl';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, size] = [32, 16];
const { name } = await selectBackend();
console.log(`dense-cl on ${name}`);

const backbone = convNet({ channels: 3, widths: [8, 16, 16] });
const inputDim = backbone.outputDim;
const twoViews = simclrViews({ preset: 'cifar', size });
const outputDim = 16;
const task = denseCl({
  backbone,
  projectionHead: projectionHead({ inputDim, hiddenDim: 32, outputDim }),
  denseHead: projectionHead({ inputDim, hiddenDim: 32, outputDim }),
  outputDim,
  queueSize: 128,
  momentum: 0.9, // of a long run: 0.999
  shuffleGroups: 4, // batch statistics of 8 keys each, so that they say nothing about the query
});
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 2e-3 }), totalSteps: steps, seed: 0 });

await fit(trainer, {
  source: createLoader(shapes({ count: steps * batchSize, seed: 0, size }), { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) => ({ views: twoViews(toImages(pixels), rng) }),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, of places ${metrics['denseLoss']?.toFixed(4)}`);
    },
  },
});

// what the encoder is worth so far: features of images whose classes a nearest-neighbor vote knows
const featuresOf = async (split: 'train' | 'test', count: number) => {
  const images = shapes({ count, seed: 0, size, split });
  const pixels = await images.read(Array.from({ length: count }, (_, i) => i));
  return { features: await extractFeatures(defaultEncoder(trainer.run), [toImages(pixels)]), labels: images.labels! };
};
const [bank, queries] = [await featuresOf('train', 200), await featuresOf('test', 100)];
const accuracy = await knnAccuracy({ ...bank, queries: queries.features, queryLabels: queries.labels, k: 20 });
console.log(`accuracy of a kNN after ${steps} steps: ${(100 * accuracy).toFixed(1)} % of 10 classes`);
trainer.dispose();
