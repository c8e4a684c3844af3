// Paints the last frame of made-up clips from those before it: node --conditions=@selfsup/source examples/tasks/frame-prediction.ts [steps]
// Videos of your own: openVideos of @selfsup/data/node with createClipLoader and toFrames of @selfsup/data.
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform } from '@selfsup/core';
import { convNet, inpaintingDecoder } from '@selfsup/encoders';
import { framePrediction } from '@selfsup/pretext-tasks/frame-prediction';
import { adamW } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';

const steps = Number(process.argv[2] ?? 20);
const [batchSize, size, numFrames] = [16, 16, 4];

/** Clips of a square that moves in a straight line and grows while it does. */
function drawClips(step: number): tf.Tensor5D {
  const pixels = new Float32Array(batchSize * numFrames * size * size);
  for (let i = 0, at = 0; i < batchSize; i++) {
    const [x, y, angle] = drawUniform(createRng(0).fold('clips').fold(step).fold(i), 3) as unknown as [number, number, number];
    for (let frame = 0; frame < numFrames; frame++) {
      const [left, top] = [Math.cos(2 * Math.PI * angle), Math.sin(2 * Math.PI * angle)].map(
        (way, k) => size * (0.3 + 0.4 * (k ? y : x)) + 2 * frame * way,
      );
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++, at++)
          pixels[at] = Math.max(Math.abs(column - left!), Math.abs(row - top!)) < 1.5 + frame ? 1 : 0;
    }
  }
  return tf.tensor5d(pixels, [batchSize, numFrames, size, size, 1]);
}

console.log((await selectBackend()).description);

const backbone = convNet({ channels: 1, widths: [16, 32, 64] });
const decoder = inpaintingDecoder({ inputDim: (numFrames - 1) * backbone.outputDim, outputSize: size, channels: 1, width: 32 });
const trainer = createTrainer({
  task: framePrediction({ backbone, decoder }),
  optimizer: adamW({ learningRate: 3e-3 }),
  totalSteps: steps,
  seed: 0,
});
for (let step = 0; step < steps; step++) {
  const frames = drawClips(step);
  const { loss, metrics } = await trainer.trainStep({ frames });
  frames.dispose();
  if (step % 5 === 0 || step === steps - 1)
    console.log(`step ${step}: loss ${loss.toFixed(4)}, of the frame before ${metrics['copyLoss']!.toFixed(4)}`);
}
trainer.dispose();
