/**
 * DINO on made-up shapes: a few steps with two global and six local crops, the recipe's schedules and clipping.
 *
 * node --conditions=@selfsup/source examples/tasks/dino.ts
 */
import { recipeMultiCrop } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { cosine, createRng, join, linearWarmup } from '@selfsup/core';
import { createLoader, shapes, toImages, type ImagePixels } from '@selfsup/data';
import { convNet, dinoHead } from '@selfsup/encoders';
import { dino } from '@selfsup/pretext-tasks/dino';
import { adamW, chain, clipByNorm, noDecayOnNorms } from '@selfsup/optim';
import { createTrainer, fit } from '@selfsup/trainer';

const backend = await selectBackend({ prefer: 'auto' });
console.log(backend.description);

const [seed, epochs, batchSize, outputDim] = [0, 2, 16, 256];
const loader = createLoader(shapes({ count: 64, seed }), { batchSize, rng: createRng(seed) });
const totalSteps = epochs * loader.stepsPerEpoch;
const warmupSteps = loader.stepsPerEpoch;

// the published crops at other sizes: 2 global of 32 pixels, 6 local of 16
const crops = recipeMultiCrop('dino', { variant: 'lightly', size: 32, localSize: 16 });

const backbone = convNet({ channels: 3, widths: [16, 32, 64] });
const rate = 0.0005;
const trainer = createTrainer({
  task: dino({
    backbone,
    projectionHead: dinoHead({ inputDim: backbone.outputDim, hiddenDim: 64, bottleneckDim: 32, outputDim }),
    outputDim,
    teacherTemperature: linearWarmup({ from: 0.04, to: 0.07, steps: warmupSteps }),
    freezeLastLayerSteps: loader.stepsPerEpoch,
  }),
  optimizer: chain(
    clipByNorm(3),
    adamW({
      learningRate: join(
        [linearWarmup({ to: rate, steps: warmupSteps }), cosine({ initial: rate, final: 1e-6, steps: totalSteps - warmupSteps })],
        { boundaries: [warmupSteps] },
      ),
      weightDecay: cosine({ initial: 0.04, final: 0.4, steps: totalSteps }),
      mask: noDecayOnNorms,
    }),
  ),
  totalSteps,
  seed,
});

await fit(trainer, {
  source: loader,
  prepare: (pixels: ImagePixels, { rng }) => {
    const images = toImages(pixels);
    const { globalViews, localViews } = crops(images, rng);
    images.dispose();
    return { views: [...globalViews, ...localViews] }; // global ones first
  },
  epochs,
  callbacks: {
    onStep: ({ step, loss, metrics }) => {
      const { teacherEntropy = NaN, usageEntropy = NaN } = metrics;
      console.log(
        `step ${step} loss ${loss.toFixed(3)} entropy of a target ${teacherEntropy.toFixed(3)}, of their mean ${usageEntropy.toFixed(3)}`,
      );
    },
  },
});
trainer.dispose();
