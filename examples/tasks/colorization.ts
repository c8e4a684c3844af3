// Learns to color made-up images: node --conditions=@selfsup/source examples/tasks/colorization.ts [steps]
import { colorCodes, colorWeights } from '@selfsup/augment';
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { colorizationHead, convNet } from '@selfsup/encoders';
import { colorization } from '@selfsup/pretext-tasks/colorization';
import { adamW } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 20);
const [batchSize, size, outputSize] = [32, 16, 4];

/** A bright disc on a dark ground: discs are orange, grounds are blue or green, by which half of the image the disc is in. */
function drawImages(step: number): tf.Tensor4D {
  const pixels = new Float32Array(batchSize * size * size * 3);
  for (let i = 0, at = 0; i < batchSize; i++) {
    const [x, y, radius] = drawUniform(createRng(0).fold('images').fold(step).fold(i), 3).map((draw, k) =>
      k < 2 ? size * draw : 3 + 3 * draw,
    );
    const ground = x! < size / 2 ? [0.1, 0.2, 0.5] : [0.1, 0.35, 0.15];
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++, at += 3)
        pixels.set(Math.hypot(column - x!, row - y!) < radius! ? [1, 0.7, 0.3] : ground, at);
  }
  return tf.tensor4d(pixels, [batchSize, size, size, 3]);
}

console.log((await selectBackend()).description);

// rare colors count more, as in the paper
const sample = drawImages(-1);
const weights = await colorWeights([sample], { coding: colorCodes({ outputSize }) });
sample.dispose();
const coding = colorCodes({ outputSize, weights });

const backbone = convNet({ channels: 3, widths: [16, 32, 64] });
const head = colorizationHead({ inputDim: backbone.outputDim, outputSize, numBins: coding.bins.length, width: 16 });
const trainer = createTrainer({
  task: colorization({ backbone, head, coding }),
  optimizer: adamW({ learningRate: 3e-3 }),
  totalSteps: steps,
  seed: 0,
});
for (let step = 0; step < steps; step++) {
  const images = drawImages(step);
  const { loss, metrics } = await trainer.trainStep({ images });
  images.dispose();
  if (step % 5 === 0 || step === steps - 1)
    console.log(
      `step ${step}: cross entropy ${loss.toFixed(3)}, ${(100 * metrics['accuracy']!).toFixed(1)} % of ${coding.bins.length} bins right`,
    );
}
trainer.dispose();
