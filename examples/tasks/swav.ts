// SwAV with two large and four small crops: node --conditions=@selfsup/source examples/tasks/swav.ts [steps]
import { multiCrop, randomResizedCrop } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead, prototypes } from '@selfsup/encoders';
import { swav } from '@selfsup/pretext-tasks/swav';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 10);
const batchSize = 16;
const images = shapes({ count: steps * batchSize, seed: 0, size: 24 });

await selectBackend();
const backbone = convNet({ channels: 3, widths: [16, 32] });
const task = swav({
  backbone,
  projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 64, outputDim: 32, batchNorm: true }),
  prototypes: prototypes({ inputDim: 32, numPrototypes: 12 }),
  freezePrototypesSteps: 2,
});
const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }), totalSteps: steps, seed: 0 });
const crops = multiCrop({
  global: randomResizedCrop({ size: 24, scale: [0.4, 1] }),
  local: randomResizedCrop({ size: 12, scale: [0.1, 0.4] }),
  numLocalViews: 4,
});

await fit(trainer, {
  source: createLoader(images, { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) =>
    tf.tidy(() => {
      const { globalViews, localViews } = crops(toImages(pixels), rng);
      return { views: [...globalViews, ...localViews] }; // the large ones first: they get codes
    }),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, prototype entropy ${metrics['prototypeEntropy']?.toFixed(3)}`);
    },
  },
});
trainer.dispose();
