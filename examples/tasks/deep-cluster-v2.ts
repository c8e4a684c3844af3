// DeepCluster-v2: crops of an image predict in which cluster of all images it was an epoch ago; the first epoch fills the memory.
// In this repository: node --conditions=@selfsup/source examples/tasks/deep-cluster-v2.ts [steps]
import { recipeViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { deepClusterV2 } from '@selfsup/pretext-tasks/deep-cluster-v2';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const epochs = Number(process.argv[2] ?? 2);
const [batchSize, size, numSamples] = [32, 16, 64];
const { name } = await selectBackend();
console.log(`deep-cluster-v2 on ${name}`);

const source = createLoader(shapes({ count: numSamples, seed: 0, size }), { batchSize, rng: createRng(0).fold('loader') });
const backbone = convNet({ channels: 3, widths: [16, 32, 64] });
const task = deepClusterV2({
  backbone,
  projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 64, outputDim: 32, batchNorm: true }),
  projectionDim: 32,
  numSamples,
  clusterEverySteps: source.stepsPerEpoch,
  numPrototypes: [20, 20],
});
const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
const trainer = createTrainer({ task, optimizer, totalSteps: epochs * source.stepsPerEpoch, seed: 0 });
const crops = recipeViews('swav', { variant: 'cifar', size });

await fit(trainer, {
  source,
  prepare: (pixels, { rng }) => {
    const images = toImages(pixels);
    const views = crops(images, rng);
    images.dispose();
    return { views, indices: tf.tensor1d(pixels.indices, 'int32') };
  },
  epochs,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, use of the prototypes ${(metrics['prototypeEntropy'] ?? NaN).toFixed(4)}`);
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
console.log(`accuracy of a kNN after ${epochs} epochs: ${(100 * accuracy).toFixed(1)} % of 10 classes`);
trainer.dispose();
