import { createRng } from '@selfsup/core';
import { infoNce } from '@selfsup/losses';
import { sgd } from '@selfsup/optim';
import { createTrainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { backbone, context, lossOf, makeViews, predictionHead, projectionHead, readValues, start } from '../fixtures/tiny-networks.ts';
import { mocoV3 } from './moco-v3.ts';

const networks = { backbone, projectionHead, predictionHead };

it('adds infoNce of both directions times twice the temperature; the same twice, and evaluation writes nothing', () => {
  const run = mocoV3(networks).create(start);
  const [head, prediction] = [projectionHead(createRng(0).fold('projectionHead')), predictionHead(createRng(0).fold('predictionHead'))];
  const batch = makeViews(2);
  const before = readValues(run);
  const apply = { training: false };
  tf.tidy(() => {
    const value = () => lossOf(run, batch, apply).loss.dataSync()[0]!;
    const z = batch.views.map((view) => head.apply(run.encoders['backbone']!.apply(view, apply) as tf.Tensor2D, apply)); // target = online at the start
    const p = z.map((rows) => prediction.apply(rows, apply));
    const expected = tf.add(infoNce(p[0]!, z[1]!, { temperature: 0.2 }), infoNce(p[1]!, z[0]!, { temperature: 0.2 }));
    expect(value()).toBeCloseTo(0.4 * expected.dataSync()[0]!, 4);
    expect(value()).toBe(value());
  });
  expect(readValues(run)).toEqual(before);
  for (const module of [head, prediction, run]) module.dispose();
  tf.dispose(batch.views);
});

it('moves the target along a cosine from 0.99 to 1, which it reaches with the last step', () => {
  const run = mocoV3(networks).create(start);
  const [online, target] = [run.trainable['backbone/linear/kernel']!, run.buffers['target/backbone/linear/kernel']!];
  tf.tidy(() => {
    const outcome = { targets: { keys: [] }, kept: {} };
    online.assign(tf.add(target, 1));
    const gap = () => 1 - tf.mean(tf.sub(online, target)).dataSync()[0]!;
    run.afterStep!(outcome, context({ step: 4 }));
    expect(gap()).toBeCloseTo(0.005, 5);
    online.assign(tf.add(target, 1));
    run.afterStep!(outcome, context({ step: 9 }));
    expect(gap()).toBeCloseTo(0, 6);
  });
  run.dispose();
});

it('sends a gradient to every trainable variable, and training lowers the loss', async () => {
  const trainer = createTrainer({ task: mocoV3(networks), optimizer: sgd({ learningRate: 0.1 }), totalSteps: 30, seed: 0 });
  const losses: number[] = [];
  const batch = makeViews(2);
  for (let step = 0; step < 30; step++) {
    const { loss, withoutGradient } = await trainer.trainStep(batch);
    expect(withoutGradient).toEqual([]);
    losses.push(loss);
  }
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.2);
  trainer.dispose();
  tf.dispose(batch.views);
});

it('says what is wrong with a batch or an option', () => {
  expect(() => mocoV3({ ...networks, temperature: -1 })).toThrow('mocoV3: `temperature` must be finite and > 0, got -1');
  expect(() => mocoV3({ ...networks, momentum: 1.5 })).toThrow('mocoV3: `momentum` must be in [0, 1], got 1.5');
  const run = mocoV3(networks).create(start);
  expect(() => run.targets!({ views: [] }, context())).toThrow(
    'mocoV3: the batch must have `views`, a list of exactly 2 image tensors, got 0',
  );
  run.dispose();
});
