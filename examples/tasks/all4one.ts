// All4One with a small queue: node --conditions=@selfsup/source examples/tasks/all4one.ts [steps]
import { recipeViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, neighborEncoder, projectionHead } from '@selfsup/encoders';
import { all4One } from '@selfsup/pretext-tasks/all4one';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 10);
const batchSize = 16;
const outputDim = 32;
const images = shapes({ count: steps * batchSize, seed: 0, size: 24 });

await selectBackend();
const backbone = convNet({ channels: 3, widths: [16, 32] });
const task = all4One({
  backbone,
  projectionHead: projectionHead({
    inputDim: backbone.outputDim,
    hiddenDim: 64,
    outputDim,
    batchNorm: true,
  }),
  predictionHead: projectionHead({ inputDim: outputDim, hiddenDim: 64, outputDim, batchNorm: true }),
  centroidHead: projectionHead({ inputDim: outputDim, hiddenDim: 64, outputDim, batchNorm: true }),
  neighborEncoder: neighborEncoder({ width: outputDim, numLayers: 1, numHeads: 4 }),
  outputDim,
  queueSize: 8 * batchSize,
});
const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), totalSteps: steps, seed: 0 });
const views = recipeViews('byol', { variant: 'cifar', size: 24 });

await fit(trainer, {
  source: createLoader(images, { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) => tf.tidy(() => ({ views: views(toImages(pixels), rng) })),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, of the neighbors ${metrics['neighborLoss']?.toFixed(3)}`);
    },
  },
});
trainer.dispose();
