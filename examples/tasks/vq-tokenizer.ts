// VQ-VAE: each patch gets the nearest of a few codes, from which a decoder paints the image; `beit` can learn to tell the codes.
// In this repository: node --conditions=@selfsup/source examples/tasks/vq-tokenizer.ts [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { patchDecoder, vit } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { adamW } from '@selfsup/optim';
import { vqTokenizer } from '@selfsup/pretext-tasks/vq-tokenizer';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, size] = [32, 16];
const { name } = await selectBackend();
console.log(`vq-tokenizer on ${name}`);

const backbone = vit({ imageSize: size, patchSize: 4, numLayers: 2, width: 32, numHeads: 2, pooling: 'mean' });
const { outputDim: width, gridSize } = backbone;
const decoder = patchDecoder({ width, gridSize, outputDim: 4 * 4 * 3, numLayers: 1, numHeads: 2 });
const task = vqTokenizer({ backbone, decoder, width, vocabularySize: 64, momentum: 0.9 });
const trainer = createTrainer({ task, optimizer: adamW({ learningRate: 2e-3 }), totalSteps: steps, seed: 0 });

await fit(trainer, {
  source: createLoader(shapes({ count: steps * batchSize, seed: 0, size }), { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels) => ({ images: toImages(pixels) }),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, ${metrics['perplexity']!.toFixed(1)} codes in use`);
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
