// DINOv2: iBOT with targets that use all outputs alike, a head of its own for patches, and features that are spread.
// In this repository: node --conditions=@selfsup/source examples/tasks/dino-v2.ts [steps]
import { maskCrops, recipeViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { dinoHead, vit } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { dinoV2 } from '@selfsup/pretext-tasks/dino-v2';
import { adamW, chain, clipByNorm } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 3);
const [batchSize, size, outputDim] = [32, 16, 256];
const { name } = await selectBackend();
console.log(`dino-v2 on ${name}`);

const backbone = vit({ imageSize: size, patchSize: 4, numLayers: 2, width: 32, numHeads: 2, maskToken: true });
const { outputDim: inputDim, gridSize } = backbone;
const head = dinoHead({ inputDim, hiddenDim: 64, bottleneckDim: 32, outputDim });
const task = dinoV2({
  backbone,
  projectionHead: head,
  patchHead: head,
  outputDim,
  masking: maskCrops({ gridSize }),
  momentum: 0.99,
});
const optimizer = chain(clipByNorm(3), adamW({ learningRate: 1e-3 }));
const trainer = createTrainer({ task, optimizer, totalSteps: steps, seed: 0 });
const crops = recipeViews('dino-v2', { variant: 'cifar', size });

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
      console.log(`step ${step}: loss ${loss.toFixed(4)}, of patches ${(metrics['patchLoss'] ?? NaN).toFixed(4)}`);
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
