// Trains the task of denoising.ts: npm -w examples/third-party-task start -- [steps]
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead } from '@selfsup/encoders';
import { adamW } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import { denoising } from './denoising.ts';

const steps = Number(process.argv[2] ?? 200);
const batchSize = 32;
const size = 16;
const images = shapes({ count: steps * batchSize, seed: 0, size });

await selectBackend();
const backbone = convNet({ channels: 3, widths: [16, 32, 64] });
const decoder = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 128, outputDim: size * size * 3 });
const optimizer = adamW({ learningRate: 3e-3 });
const trainer = createTrainer({ task: denoising({ backbone, decoder }), optimizer, totalSteps: steps, seed: 0 });

const { step } = await fit(trainer, {
  source: createLoader(images, { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels) => ({ images: toImages(pixels) }),
  epochs: 1,
  callbacks: {
    onStep: ({ step: done, loss }) => {
      if (done % 20 === 0 || done === steps - 1) console.log(`step ${done}: squared error ${loss.toFixed(4)}`);
    },
  },
});
console.log(`${step} updates`);
trainer.dispose();
