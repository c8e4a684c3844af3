import { readFileSync } from 'node:fs';
import { tiles } from '@selfsup/augment';
import { createRng, createStepContext, type ModuleFactory } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { jigsaw, jigsawPermutations, type JigsawBatch } from './jigsaw.ts';

interface Fixture {
  rate: number;
  shape: [number, number, number, number, number];
  start: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  batches: { tiles: number[]; labels: number[] }[];
  steps: { loss: number; accuracy: number; weights: Readonly<Record<string, number[]>> }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/jigsaw.json', import.meta.url), 'utf8')) as Fixture;
const kernelShape = fixture.start['backbone/kernel']!.shape as [number, number, number, number];
const [inputDim, outputDim] = fixture.start['head/kernel']!.shape as [number, number];

/** Convolution of stride 2 → ReLU → mean over the places. */
const backbone: ModuleFactory<tf.Tensor4D, tf.Tensor2D> = () => {
  const initial = tf.randomNormal(kernelShape, 0, 1, 'float32', 1);
  const kernel = tf.variable(initial);
  initial.dispose();
  return {
    trainable: { kernel },
    buffers: {},
    apply: (images) =>
      tf.tidy(() => tf.mean<tf.Tensor2D>(tf.relu(tf.conv2d(images, kernel as unknown as tf.Tensor4D, 2, 'valid')), [1, 2])),
    dispose: () => {
      kernel.dispose();
    },
  };
};
const permutations = jigsawPermutations({ count: outputDim, numTiles: 4 });
const tiling = tiles({ grid: 2, size: 5, standardize: false });
const task = jigsaw({ backbone, head: linear({ inputDim, outputDim }), tiling, permutations });
const contextAt = (step: number) => createStepContext({ rng: createRng(0), totalSteps: 3, step });
const distance = (a: readonly number[], b: readonly number[]) => a.filter((tile, k) => tile !== b[k]).length;

/** The largest error of a list by its largest value. */
const relativeError = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / Math.max(...expected.map(Math.abs));

describe('jigsawPermutations', () => {
  it('gives different permutations, far apart, the same for the same seed', () => {
    const nine = jigsawPermutations({ count: 9 });
    for (const order of nine) expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    // nine permutations of nine tiles can differ everywhere: a Latin square
    expect(nine.slice(1).map((order, i) => distance(order, nine[i]!))).toEqual(Array(8).fill(9));
    expect(jigsawPermutations({ count: 4 })).toEqual(nine.slice(0, 4));
    expect(jigsawPermutations({ count: 1, seed: 1 })).not.toEqual(nine.slice(0, 1));
  });

  it('gives all of them if asked, each once', () => {
    expect(new Set(jigsawPermutations({ count: 24, numTiles: 4 }).map((order) => order.join())).size).toBe(24);
    expect(() => jigsawPermutations({ count: 25, numTiles: 4 })).toThrow('`count` must be an integer from 1 to 24, got 25');
    expect(() => jigsawPermutations({ count: 2, numTiles: 10 })).toThrow('`numTiles` must be an integer from 2 to 9, got 10');
  });
});

describe('jigsaw', () => {
  it('takes three steps of SGD as PyTorch does', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 3 });
    expect(Object.keys(run.trainable).sort()).toEqual(Object.keys(fixture.start).sort());
    tf.tidy(() => {
      for (const [path, { shape, values }] of Object.entries(fixture.start)) run.trainable[path]!.assign(tf.tensor(values, shape));
    });
    fixture.steps.forEach((expected, step) => {
      tf.tidy(() => {
        const batch = {} as JigsawBatch; // the loss sees the targets only
        const { tiles: shuffled, labels } = fixture.batches[step]!;
        const targets = { tiles: tf.tensor5d(shuffled, fixture.shape), labels: tf.tensor1d(labels, 'int32') };
        const { value, grads } = tf.variableGrads(() => run.loss(batch, targets, contextAt(step)).loss, Object.values(run.trainable));
        expect(relativeError(value.dataSync(), [expected.loss])).toBeLessThan(1e-5);
        expect(run.loss(batch, targets, contextAt(step)).metrics!['accuracy']!.dataSync()[0]).toBeCloseTo(expected.accuracy, 6);
        for (const [path, variable] of Object.entries(run.trainable)) {
          variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, fixture.rate)));
          expect(relativeError(variable.dataSync(), expected.weights[path]!), path).toBeLessThan(1e-5);
        }
      });
    });
    run.dispose();
  });

  it('shuffles the tiles of each image by the permutation that its label names', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 3 });
    tf.tidy(() => {
      const images = tf.randomUniform<tf.Rank.R4>([60, 10, 10, 2], 0, 1, 'float32', 1); // cells are as large as tiles: one way to cut
      const { tiles: shuffled, labels } = run.targets!({ images }, contextAt(1));
      const [ordered, got] = [tiling(images, createRng(0)).dataSync(), shuffled.dataSync()];
      const tile = (values: ArrayLike<number>, i: number, k: number) => Array.from({ length: 50 }, (_, p) => values[(i * 4 + k) * 50 + p]);
      labels.dataSync().forEach((label, i) => {
        permutations[label]!.forEach((from, k) => {
          expect(tile(got, i, k)).toEqual(tile(ordered, i, from));
        });
      });
      expect(new Set(labels.dataSync()).size).toBe(outputDim);
      expect(run.targets!({ images }, contextAt(1)).labels.dataSync()).toEqual(labels.dataSync());
      expect(run.targets!({ images }, contextAt(2)).labels.dataSync()).not.toEqual(labels.dataSync());
    });
    run.dispose();
  });

  it('says what is wrong', () => {
    const head = linear({ inputDim, outputDim });
    expect(() => jigsaw({ backbone, head, tiling, permutations: [[0, 1]] })).toThrow(
      '`permutations` must be at least 2 lists of one length',
    );
    const run = jigsaw({ backbone, head, tiling: tiles({ grid: 3, size: 3 }), permutations }).create({ rng: createRng(0), totalSteps: 1 });
    tf.tidy(() => {
      expect(() => run.targets!({} as JigsawBatch, contextAt(0))).toThrow('jigsaw: the batch must have `images`, got undefined');
      expect(() => run.targets!({ images: tf.zeros([1, 9, 9, 2]) }, contextAt(0))).toThrow(
        'must be of the 9 tiles that `tiling` cuts, got 4',
      );
    });
    run.dispose();
  });
});
