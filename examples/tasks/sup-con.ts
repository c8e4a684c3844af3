// SupCon, which learns from labels, too: node --conditions=@selfsup/source examples/tasks/sup-con.ts [steps]
import { recipeViews } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng } from '@selfsup/core';
import { createLoader, shapes, toImages } from '@selfsup/data';
import { convNet, projectionHead } from '@selfsup/encoders';
import { supCon } from '@selfsup/pretext-tasks/sup-con';
import { sgd } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 10);
const batchSize = 16;
const images = shapes({ count: steps * batchSize, seed: 0, size: 24 });
const classes = images.labels!;

await selectBackend();
const backbone = convNet({ channels: 3, widths: [16, 32] });
const task = supCon({ backbone, projectionHead: projectionHead({ inputDim: backbone.outputDim, hiddenDim: 64, outputDim: 32 }) });
const trainer = createTrainer({ task, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), totalSteps: steps, seed: 0 });
const views = recipeViews('simclr', { variant: 'cifar', size: 24 });

await fit(trainer, {
  source: createLoader(images, { batchSize, rng: createRng(0).fold('loader') }),
  prepare: (pixels, { rng }) =>
    tf.tidy(() => ({
      views: views(toImages(pixels), rng),
      // -1 stands for an unknown class: here every fifth image has none
      labels: tf.tensor1d(
        Array.from(pixels.indices, (index) => (index % 5 === 0 ? -1 : classes[index]!)),
        'int32',
      ),
    })),
  epochs: 1,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      console.log(`step ${step}: loss ${loss.toFixed(4)}, nearest row of the same class ${metrics['accuracy']?.toFixed(3)}`);
    },
  },
});
trainer.dispose();
