import { createRng, drawNormal } from '@selfsup/core';
import { dinoHead, linear, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { context, descend } from '../fixtures/tiny-networks.ts';
import { dino, type DinoOptions } from './dino.ts';

const [side, kinds, rows, outputDim, totalSteps] = [4, 8, 16, 8, 200];
const pixels = side * side;
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], pixels])),
  linear: linear({ inputDim: pixels, outputDim: 16 }),
});
const patterns = Array.from({ length: kinds }, (_, kind) => drawNormal(createRng(3).fold(kind), pixels));
const common = drawNormal(createRng(3).fold('common'), pixels);

/** Two noisy views of images of eight kinds, which have more in common than what tells them apart. */
const viewsAt = (step: number) => ({
  views: [0, 1].map((view) => {
    const noise = drawNormal(createRng(4).fold(step).fold(view), rows * pixels, { standardDeviation: 0.3 });
    const values = noise.map((x, i) => x + 2 * common[i % pixels]! + patterns[Math.floor(i / pixels) % kinds]![i % pixels]!);
    return tf.tensor4d(values, [rows, side, side, 1]);
  }),
});

/** The metrics of the last step of a run. */
function train(options: Partial<DinoOptions> = {}) {
  const projectionHead = dinoHead({ inputDim: 16, bottleneckDim: 8, outputDim, numLayers: 1 });
  const run = dino({ backbone, projectionHead, outputDim, momentum: 0.9, ...options }).create({ rng: createRng(0), totalSteps });
  let last: Record<string, number> = {};
  for (let step = 0; step < totalSteps; step++) {
    const batch = viewsAt(step);
    last = descend(run, batch, { context: context({ step, totalSteps }), rate: 0.03 }).metrics;
    tf.dispose(batch.views);
  }
  run.dispose();
  return last as Record<'zStd' | 'teacherEntropy' | 'usageEntropy' | 'klDivergence', number>;
}
const uniform = Math.log(outputDim);

it('with centering and sharpening the targets are sure and differ between images', () => {
  const { zStd, teacherEntropy, usageEntropy } = train();
  expect(zStd).toBeGreaterThan(0.15);
  expect(teacherEntropy).toBeLessThan(0.5 * uniform);
  expect(usageEntropy).toBeGreaterThan(0.3 * uniform);
});

it('without centering all images get one output: the entropy of the mean target becomes 0', () => {
  const { zStd, usageEntropy, klDivergence } = train({ centering: false });
  expect(zStd).toBeLessThan(0.05);
  expect(usageEntropy).toBeLessThan(0.01);
  expect(klDivergence).toBeLessThan(0.01);
});

it("without sharpening, at the student's temperature, targets become uniform: their entropy becomes log outputDim", () => {
  const { teacherEntropy, klDivergence } = train({ teacherTemperature: 0.1 });
  expect(teacherEntropy).toBeGreaterThan(0.97 * uniform);
  expect(klDivergence).toBeLessThan(0.01);
});
