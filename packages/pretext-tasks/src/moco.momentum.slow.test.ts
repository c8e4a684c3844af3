import { createRng, drawNormal, l2Normalize } from '@selfsup/core';
import { linear, projectionHead, sequential, stateless } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { channels, context, descend, size } from '../fixtures/tiny-networks.ts';
import { moco } from './moco.ts';

const [pixels, classes, factors, steps, batch] = [size * size * channels, 16, 6, 200, 16];

const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  flatten: stateless((x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], -1])),
  linear1: linear({ inputDim: pixels, outputDim: 32 }),
  relu: stateless((x: tf.Tensor2D) => tf.relu(x)),
  linear2: linear({ inputDim: 32, outputDim: 16 }),
});

/** Images of the classes: few factors make the class, noise in all pixels twice as strong hides it. */
const makeImages = (labels: readonly number[], tag: string) =>
  tf.tidy(() => {
    const normal = (name: string, rows: number, columns: number) =>
      tf.tensor2d(drawNormal(createRng(7).fold(name), rows * columns), [rows, columns]);
    const centers = tf.matMul(normal('centers', classes, factors), normal('basis', factors, pixels)); // [classes, pixels]
    const noisy = tf.add(tf.gather(centers, [...labels]), tf.mul(normal(tag, labels.length, pixels), 2));
    return tf.reshape<tf.Rank.R4>(noisy, [labels.length, size, size, channels]);
  });

/** Trains; gives how often weighted neighbors tell the class of fresh images, before and after. */
function train(momentum: number, seed: number) {
  const run = moco({
    backbone,
    projectionHead: projectionHead({ inputDim: 16, hiddenDim: 16, outputDim: 8 }),
    outputDim: 8,
    queueSize: 256,
    temperature: 0.1,
    shuffleGroups: 1,
    momentum,
  }).create({ rng: createRng(seed), totalSteps: steps });
  const neighbors = () =>
    tf.tidy(() => {
      const labels = Array.from({ length: 320 }, (_, i) => i % classes);
      const [bank, queries] = ['bank', 'queries'].map((tag) =>
        l2Normalize(run.encoders['backbone']!.apply(makeImages(labels, tag), { training: false }) as tf.Tensor2D),
      ) as [tf.Tensor2D, tf.Tensor2D];
      const weights = tf.exp(tf.mul<tf.Tensor2D>(tf.matMul(queries, bank, false, true), 10)); // [queries, bank]
      const votes = tf.matMul(weights, tf.cast(tf.oneHot(labels, classes), 'float32')); // [queries, classes]
      return tf.mean(tf.cast(tf.equal(tf.argMax(votes, 1), tf.tensor1d(labels, 'int32')), 'float32')).dataSync()[0]!;
    });
  const before = neighbors();
  for (let step = 0; step < steps; step++) {
    const labels = Array.from({ length: batch }, (_, i) => (i * 7 + step * 3) % classes);
    const views = ['query', 'key'].map((view) => makeImages(labels, `${view} ${step} of ${seed}`));
    descend(run, { views }, { context: context({ step }), rate: 0.3 });
    tf.dispose(views);
  }
  const after = neighbors();
  run.dispose();
  return { before, after };
}

it('momentum 0, keys of networks that are no more, learns far less than momentum 0.99', () => {
  for (const seed of [0, 1]) {
    const [none, slow] = [train(0, seed), train(0.99, seed)];
    expect(slow.after).toBeGreaterThan(none.after + 0.1);
    expect(slow.after).toBeGreaterThan(slow.before + 0.1);
  }
}, 180_000);
