import { createRng } from '@selfsup/core';
import { linear, projectionHead, sequential, stateless } from '@selfsup/encoders';
import { createCollapseMonitor } from '@selfsup/evaluate';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { channels, descend, features, projected, size, context, makeViews } from '../fixtures/tiny-networks.ts';
import { simSiam } from './sim-siam.ts';

const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], -1])),
  linear: linear({ inputDim: size * size * channels, outputDim: features }),
});

/** zStd at the first and the last of 300 steps, the last loss, and the alarms of a monitor that sees all steps. */
function train(stopGradient: boolean) {
  const run = simSiam({
    backbone,
    projectionHead: projectionHead({ inputDim: features, hiddenDim: 16, outputDim: projected, batchNorm: true }),
    predictionHead: projectionHead({ inputDim: projected, hiddenDim: 4, outputDim: projected, batchNorm: true }),
    stopGradient,
  }).create({ rng: createRng(0), totalSteps: 300 });
  const monitor = createCollapseMonitor({ embeddingDim: projected, minStdShare: 0.2 }); // in 6 dimensions the last tenth takes long
  const steps = Array.from({ length: 300 }, (_, step) => {
    const batch = makeViews(2, 16, 1 + (step % 8));
    const { loss, metrics } = descend(run, batch, { context: context({ step }), rate: 0.5 });
    tf.dispose(batch.views);
    monitor.onStep({ step, metrics });
    return { loss, zStd: metrics['zStd']! };
  });
  run.dispose();
  return { first: steps[0]!.zStd, last: steps.at(-1)!.zStd, loss: steps.at(-1)!.loss, alarms: monitor.alarms };
}

it('without stop-gradient the projections collapse and the loss becomes its least possible; with it neither', () => {
  const [without, healthy] = [train(false), train(true)];
  expect(without.last).toBeLessThan(0.05);
  expect(without.loss).toBeLessThan(-0.99);
  expect(healthy.last).toBeGreaterThan(0.5 / Math.sqrt(projected));
  expect(healthy.loss).toBeGreaterThan(-0.99);
  expect(without.alarms.map(({ kind, metric }) => [kind, metric])).toEqual([['complete', 'zStd']]);
  expect(without.alarms[0]!.message).toMatch(/^zStd [\d.e-]+ is below .*likely .*a stop-gradient/);
  expect(healthy.alarms).toEqual([]);
}, 180_000);
