// Context encoders: the middle of an image is hidden, and a decoder paints it from the last map of the rest.
// In this repository: node --conditions=@selfsup/source examples/tasks/inpainting.ts [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, inpaintingDecoder } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { inpainting } from '@selfsup/pretext-tasks/inpainting';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, size] = [32, 16];
const { name } = await selectBackend();
console.log(`inpainting on ${name}`);

const backbone = convNet({ channels: 3, widths: [8, 16, 32] });
const decoder = inpaintingDecoder({ inputDim: backbone.outputDim, mapSize: size / 4, outputSize: size / 2, width: 16 }); // two strides of 2
const task = inpainting({ backbone, decodes: 'map', decoder, regionSize: [size / 2, size / 2] });
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 2e-3 }), totalSteps: steps, seed: 0 });

await fit(trainer, {
  source: createLoader(shapes({ count: steps * batchSize, seed: 0, size }), { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels) => ({ images: toImages(pixels) }),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}`);
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
