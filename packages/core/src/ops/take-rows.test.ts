import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { takeRows } from './take-rows.ts';

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describe('takeRows', () => {
  it.each([
    [[5, 3], [4], 0],
    [[5], [4], 0],
    [[5, 3, 2], [2, 3], 0],
    [[5, 3], [0], 0],
    [[2, 5, 3], [2, 4], 1],
    [[2, 5], [2, 3, 2], 1],
    [[2, 3, 5, 2], [2, 3, 4], 2],
    [[2, 3, 5], [2, 3], 2],
  ])('x [%s], indices [%s], %i batch axes: values by definition, and a gradient that adds up what was taken', (shape, taken, batchDims) => {
    tf.tidy(() => {
      const rows = shape[batchDims]!;
      const width = count(shape.slice(batchDims + 1));
      const perBatch = count(taken.slice(batchDims));
      const numbers = Int32Array.from({ length: count(taken) }, (_, i) => (i * 7) % (rows - 1)); // repeated ones, and one row never
      const x = tf.tensor(
        Float32Array.from({ length: count(shape) }, (_, i) => Math.sin(i)),
        shape,
      );
      const indices = tf.tensor(numbers, taken, 'int32');
      const places = [...numbers].flatMap((number, i) => {
        const row = Math.floor(i / perBatch) * rows + number;
        return Array.from({ length: width }, (_, c) => row * width + c);
      });
      const y = takeRows(x, indices, { batchDims });
      expect(y.shape).toEqual([...taken, ...shape.slice(batchDims + 1)]);
      const source = x.dataSync();
      expect([...y.dataSync()]).toEqual(places.map((place) => source[place]));
      const expected = new Float32Array(count(shape));
      places.forEach((place, i) => (expected[place]! += i + 1));
      const weight = tf.reshape(tf.range(1, y.size + 1), y.shape);
      const gradient = tf.grad((t) => tf.sum(tf.mul(takeRows(t, indices, { batchDims }), weight)))(x);
      expect(gradient.shape).toEqual(shape);
      expect([...gradient.dataSync()]).toEqual([...expected]);
    });
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const [x, indices] = [tf.ones([2, 3, 4]), tf.zeros([2, 3], 'int32')];
      for (const batchDims of [-1, 0.5, 3])
        expect(() => takeRows(x, indices, { batchDims })).toThrow(
          `takeRows: \`batchDims\` must be an integer in [0, 3), the rank of \`x\`, got ${batchDims}`,
        );
      expect(() => takeRows(x, tf.zeros([2, 3]))).toThrow('`indices` must be int32, got float32');
      expect(() => takeRows(x, tf.zeros([1, 3], 'int32'), { batchDims: 1 })).toThrow(
        'must start with the batch axes [2] of `x`, got shape [1, 3]',
      );
      expect(() => takeRows(x, tf.zeros([2], 'int32'), { batchDims: 2 })).toThrow(
        'must start with the batch axes [2, 3] of `x`, got shape [2]',
      );
    });
  });
});
