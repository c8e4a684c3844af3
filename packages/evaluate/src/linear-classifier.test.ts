import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { accuracy } from './accuracy.ts';
import { crossValidatedLogits, fitLinearClassifier, linearLogits } from './linear-classifier.ts';
import { linearProbe } from './linear-probe.ts';
import { largestOfRows } from './probe/logistic-problem.ts';

const [rows, dim, numClasses] = [30, 5, 3];
const labels = Array.from({ length: rows }, (_, i) => i % numClasses);
const data = Float32Array.from(
  drawNormal(createRng(0), rows * dim),
  (value, i) => value + (labels[Math.floor(i / dim)] === i % dim ? 2 : 0),
);
const features = { data, shape: [rows, dim] as const };

describe('a linear classifier', () => {
  it('is what the linear probe judges, and leaves no tensor', async () => {
    const { numTensors } = tf.memory();
    const { classifier, l2 } = await fitLinearClassifier({ features, labels, l2: 'auto' });
    const logits = await linearLogits(classifier, features);
    const probe = await linearProbe({ features, labels, queries: features, queryLabels: labels, l2: 'auto' });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(probe.l2).toBe(l2);
    expect(probe.logits).toEqual(logits);
    expect([...probe.predictions]).toEqual([...largestOfRows(logits.data, numClasses)]);
  });

  it('gives logits = (features − mean)/deviation · kernel + bias', async () => {
    const classifier = { mean: [1, 0], deviation: [2, 1], kernel: [1, -1, 0.5, 2], bias: [0.25, 0] };
    const { data: logits, shape } = await linearLogits(classifier, { data: Float32Array.of(3, 2), shape: [1, 2] });
    expect([[...logits], shape]).toEqual([
      [1 + 1 + 0.25, -1 + 4],
      [1, 2],
    ]);
    await expect(linearLogits(classifier, features)).rejects.toThrow('must have dim 2 like the classifier, got [30, 5]');
  });

  it('is judged by rows that it has not seen', async () => {
    const { logits, indices } = await crossValidatedLogits({ features, labels, l2: 0.1 });
    expect([...indices]).toEqual([...labels.keys()]);
    expect(accuracy(largestOfRows(logits.data, numClasses), labels)).toBeGreaterThan(0.6);
    // row 0 is in the first fold, with the first, sixth … of each class: the same by hand
    const seen = labels.map(() => 0);
    const folds = labels.map((label) => seen[label]!++ % 5);
    const others = [...labels.keys()].filter((row) => folds[row] !== 0);
    const part = {
      data: Float32Array.from(others.flatMap((row) => [...data.subarray(row * dim, (row + 1) * dim)])),
      shape: [others.length, dim] as const,
    };
    const { classifier } = await fitLinearClassifier({ features: part, labels: others.map((row) => labels[row]!), l2: 0.1, numClasses });
    const first = await linearLogits(classifier, { data: data.slice(0, dim), shape: [1, dim] });
    expect([...logits.data.subarray(0, numClasses)]).toEqual([...first.data]);
  });

  it('has nothing to be judged by where each class has one row', async () => {
    const two = { data: data.slice(0, 2 * dim), shape: [2, dim] as const };
    const { logits, indices } = await crossValidatedLogits({ features: two, labels: [0, 1] });
    expect([indices.length, logits.shape]).toEqual([0, [0, 2]]);
  });
});
