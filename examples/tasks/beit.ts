// BEiT: a mask token stands for some of the patches, and the encoder tells which patches of a vocabulary are there.
// In this repository: node --conditions=@selfsup/source examples/tasks/beit.ts [steps]
import { maskPatches } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder, patchify } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { linear, vit } from '@selfsup/encoders';
import { extractFeatures, kMeans, knnAccuracy } from '@selfsup/evaluate';
import { beit, codebookTokenizer } from '@selfsup/pretext-tasks/beit';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 6);
const [batchSize, size] = [32, 16];
const { name } = await selectBackend();
console.log(`beit on ${name}`);

const backbone = vit({ imageSize: size, patchSize: 4, numLayers: 2, width: 32, numHeads: 2, pooling: 'mean', maskToken: true });
const { outputDim: inputDim, gridSize, patchSize } = backbone;
const vocabularySize = 16;

// the vocabulary: centers of k-means among the patches of some images
const some = toImages(await shapes({ count: 64, seed: 0, size }).read(Array.from({ length: 64 }, (_, i) => i)));
const patches = patchify(some, { patchSize });
const vectors = {
  data: await patches.data<'float32'>(),
  shape: [patches.size / (patchSize * patchSize * 3), patchSize * patchSize * 3] as const,
};
some.dispose();
patches.dispose();
const { centers } = await kMeans(vectors, { count: vocabularySize, seed: 0, maxIterations: 10 });

const task = beit({
  backbone,
  head: linear({ inputDim, outputDim: vocabularySize }),
  masking: maskPatches({ gridSize, maskRatio: 0.4, kind: 'block' }),
  tokenizer: codebookTokenizer({ codebook: centers.data, vocabularySize }),
});
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
