// VICRegL: VICReg on whole views, and on places of both that match by where they lie or by what they look like.
// In this repository: node --conditions=@selfsup/source examples/tasks/vicreg-l.ts [steps]
import { gridLocations, recipeTrackedViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, defaultEncoder } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead } from '@selfsup/encoders';
import { extractFeatures, knnAccuracy } from '@selfsup/evaluate';
import { vicregL } from '@selfsup/pretext-tasks/vicreg-l';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const steps = Number(process.argv[2] ?? 3);
const [batchSize, size] = [32, 16];
const { name } = await selectBackend();
console.log(`vicreg-l on ${name}`);

const backbone = convNet({ channels: 3, widths: [16, 32] });
const head = (outputDim: number) => projectionHead({ inputDim: backbone.outputDim, hiddenDim: 64, outputDim, batchNorm: true });
const task = vicregL({ backbone, projectionHead: head(64), localHead: head(16), locate: gridLocations, numMatches: [8, 4] });
const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }), totalSteps: steps, seed: 0 });
const crops = recipeTrackedViews('vicreg', { variant: 'cifar', size });

await fit(trainer, {
  source: createLoader(shapes({ count: steps * batchSize, seed: 0, size }), { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) => {
    const images = toImages(pixels);
    const tracked = crops(images, rng); // views, boxes and flips
    images.dispose();
    return tracked;
  },
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, of places ${(metrics['localLoss'] ?? NaN).toFixed(4)}`);
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
