import { createRng } from '@selfsup/core';
import { decoupledContrastiveLoss } from '@selfsup/losses';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { backbone, context, lossOf, makeViews, projectionHead, readValues, start } from '../fixtures/tiny-networks.ts';
import { dcl } from './dcl.ts';

it.each([false, true])(
  'is decoupledContrastiveLoss of the projections, weighted: %s; the same twice, and evaluation writes nothing',
  (weighted) => {
    const run = dcl({ backbone, projectionHead, weighted }).create(start);
    const head = projectionHead(createRng(0).fold('projectionHead'));
    const batch = makeViews(2);
    const before = readValues(run);
    tf.tidy(() => {
      const value = () => lossOf(run, batch, { training: false }).loss.dataSync()[0]!;
      const [a, b] = batch.views.map((view) =>
        head.apply(run.encoders['backbone']!.apply(view, { training: false }) as tf.Tensor2D, { training: false }),
      );
      expect(value()).toBeCloseTo(decoupledContrastiveLoss(a!, b!, { weighted }).dataSync()[0]!, 4);
      expect(value()).toBe(value());
    });
    expect(readValues(run)).toEqual(before);
    head.dispose();
    run.dispose();
    tf.dispose(batch.views);
  },
);

it('sends a gradient to every trainable variable, and training lowers the loss', async () => {
  const trainer = createTrainer({
    task: dcl({ backbone, projectionHead }),
    optimizer: sgd({ learningRate: 0.05 }),
    totalSteps: 12,
    seed: 0,
  });
  const losses: number[] = [];
  const batch = makeViews(2);
  for (let step = 0; step < 12; step++) {
    const { loss, withoutGradient, metrics } = await trainer.trainStep(batch);
    expect(withoutGradient).toEqual([]);
    expect(Object.keys(metrics)).toEqual(['accuracy', 'zStd']);
    losses.push(loss);
  }
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.5);
  trainer.dispose();
  tf.dispose(batch.views);
});

it('says what is wrong with a batch or an option', () => {
  expect(() => dcl({ backbone, projectionHead, sigma: 0 })).toThrow('dcl: `sigma` must be finite and > 0, got 0');
  const run = dcl({ backbone, projectionHead }).create(start);
  expect(() => run.embed({ views: [] }, {}, context())).toThrow(
    'dcl: the batch must have `views`, a list of exactly 2 image tensors, got 0',
  );
  run.dispose();
});
