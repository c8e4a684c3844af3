// MSN: a view of which patches are left out belongs to the same prototypes as a whole view.
// In this repository: node --conditions=@selfsup/source examples/tasks/msn.ts [steps]
import { maskPatches, recipeViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { projectionHead, prototypes, vit } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { msn } from '@selfsup/pretext-tasks/msn';
import { adamW, chain, clipByNorm } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 3);
const [batchSize, size] = [32, 16];
const { name } = await selectBackend();
console.log(`msn on ${name}`);

const backbone = vit({ imageSize: size, patchSize: 4, numLayers: 2, width: 32, numHeads: 2 });
const { outputDim: inputDim, gridSize } = backbone;
const task = msn({
  backbone,
  projectionHead: projectionHead({ inputDim, hiddenDim: 64, outputDim: 32, numLayers: 3, batchNorm: true }),
  prototypes: prototypes({ inputDim: 32, numPrototypes: 64 }),
  masking: maskPatches({ gridSize, maskRatio: 0.15 }),
  momentum: 0.99,
});
const optimizer = chain(clipByNorm(3), adamW({ learningRate: 1e-3 }));
const trainer = createTrainer({ task, optimizer, totalSteps: steps, seed: 0 });
const crops = recipeViews('msn', { variant: 'cifar', size });

await fit(trainer, {
  source: createLoader(shapes({ count: steps * batchSize, seed: 0, size }), { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) => {
    const images = toImages(pixels);
    const views = crops(images, rng);
    images.dispose();
    return { views };
  },
  epochs: 1,
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
console.log(`accuracy of a kNN after ${steps} steps: ${(100 * accuracy).toFixed(1)} % of 10 classes`);
trainer.dispose();
