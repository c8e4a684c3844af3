// PIRL with four tiles: node --conditions=@selfsup/source examples/tasks/pirl.ts [steps]
import { recipeViews, tiles } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, linear } from '@selfsup/encoders';
import { pirl } from '@selfsup/pretext-tasks/pirl';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 10);
const batchSize = 16;
const outputDim = 32;
const images = shapes({ count: steps * batchSize, seed: 0, size: 24 });

await selectBackend();
const backbone = convNet({ channels: 3, widths: [16, 32] });
const head = linear({ inputDim: backbone.outputDim, outputDim });
const task = pirl({
  backbone,
  projectionHead: head,
  tileHead: head,
  puzzleHead: linear({ inputDim: 4 * outputDim, outputDim }),
  tiling: tiles({ grid: 2, size: 10, standardize: false }),
  numImages: images.length,
  outputDim,
});
const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), totalSteps: steps, seed: 0 });
const views = recipeViews('pirl', { variant: 'cifar', size: 24 });

await fit(trainer, {
  source: createLoader(images, { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) => tf.tidy(() => ({ views: views(toImages(pixels), rng), indices: tf.tensor1d(pixels.indices) })),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, cosine of images and tiles ${metrics['agreement']?.toFixed(3)}`);
    },
  },
});
trainer.dispose();
