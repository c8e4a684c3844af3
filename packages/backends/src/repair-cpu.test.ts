// The operations are linear, so that ⟨f(x), dy⟩ = ⟨x, fᵀ(dy)⟩ holds for the gradient and for no other map.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from './select-backend.ts';

beforeAll(async () => {
  await selectBackend({ prefer: 'cpu' });
});

type Pad = 'same' | 'valid' | number | [number, number][];
const avg = (filter: number | [number, number], strides: number, pad: Pad, rounding?: 'ceil') => (x: tf.Tensor) =>
  tf.avgPool(x as tf.Tensor4D, filter, strides, pad as 'same', rounding);
const explicit: Pad = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];
const nearest =
  (height: number, width: number, align = false, half = false) =>
  (x: tf.Tensor) =>
    tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [height, width], align, half);
const bilinear =
  (height: number, width: number, align = false, half = false) =>
  (x: tf.Tensor) =>
    tf.image.resizeBilinear(x as tf.Tensor4D, [height, width], align, half);

const CASES: readonly [what: string, f: (x: tf.Tensor) => tf.Tensor, shape: number[]][] = [
  ['avgPool, same', avg(3, 2, 'same'), [2, 5, 6, 3]],
  ['avgPool, valid', avg([2, 3], 1, 'valid'), [2, 5, 6, 3]],
  ['avgPool, padded by a number, rounded up', avg(3, 2, 1, 'ceil'), [2, 6, 6, 3]],
  ['avgPool, padded by a list', avg(3, 1, explicit), [1, 3, 4, 2]],
  ['avgPool3d, same', (x) => tf.avgPool3d(x as tf.Tensor5D, 3, 2, 'same'), [2, 4, 5, 4, 3]],
  ['avgPool3d, valid', (x) => tf.avgPool3d(x as tf.Tensor5D, 2, 1, 'valid'), [1, 4, 3, 4, 2]],
  ['nearest, up', nearest(8, 10), [3, 4, 5, 2]],
  ['nearest, down', nearest(3, 2), [2, 7, 5, 3]],
  ['nearest, aligned', nearest(7, 9, true), [2, 4, 5, 3]],
  ['nearest, half pixels', nearest(7, 3, false, true), [2, 4, 5, 3]],
  ['bilinear, up', bilinear(7, 9), [2, 4, 5, 3]],
  ['bilinear, down', bilinear(3, 2), [2, 7, 5, 3]],
  ['bilinear, aligned', bilinear(7, 9, true), [2, 4, 5, 3]],
  ['bilinear, half pixels', bilinear(7, 3, false, true), [2, 4, 5, 3]],
  ['bilinear, to one pixel', bilinear(1, 1, true), [1, 3, 5, 2]],
];

const filterOf = (outputs: number) => tf.randomNormal<tf.Rank.R4>([3, 3, 3, outputs], 0, 1, 'float32', 5);
const CONVOLUTIONS: readonly [what: string, f: (x: tf.Tensor, filter: tf.Tensor4D) => tf.Tensor, shape: number[]][] = [
  ['rounded up', (x, filter) => tf.conv2d(x as tf.Tensor4D, filter, 2, 0, 'NHWC', 1, 'ceil'), [2, 4, 6, 3]],
  ['rounded up, padded', (x, filter) => tf.conv2d(x as tf.Tensor4D, filter, [2, 3], 1, 'NHWC', 1, 'ceil'), [2, 6, 9, 3]],
  [
    'padded by a list, rounded up',
    (x, filter) => tf.conv2d(x as tf.Tensor4D, filter, 2, explicit as unknown as 'same', 'NHWC', 1, 'ceil'),
    [1, 5, 5, 3],
  ],
  ['NCHW, rounded up', (x, filter) => tf.conv2d(x as tf.Tensor4D, filter, 2, 0, 'NCHW', 1, 'ceil'), [2, 3, 4, 6]],
  ['rounded down', (x, filter) => tf.conv2d(x as tf.Tensor4D, filter, 2, 0, 'NHWC', 1, 'floor'), [2, 4, 6, 3]],
  ['same', (x, filter) => tf.conv2d(x as tf.Tensor4D, filter, 2, 'same'), [2, 4, 6, 3]],
];

const dot = (a: tf.Tensor, b: tf.Tensor): number => tf.tidy(() => tf.sum(tf.mul(a, b)).dataSync()[0]!);

describe('gradients of the repaired cpu backend', () => {
  it.each(CASES)('%s', (_, f, shape) => {
    tf.tidy(() => {
      const x = tf.randomNormal(shape, 0, 1, 'float32', 3);
      const y = f(x);
      const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 4);
      const dx = tf.grad(f)(x, dy);
      expect(dx.shape).toEqual(shape);
      expect(dot(x, dx)).toBeCloseTo(dot(y, dy), 4);
    });
  });

  it.each(CONVOLUTIONS)('conv2d, %s', (_, f, shape) => {
    tf.tidy(() => {
      const [x, filter] = [tf.randomNormal(shape, 0, 1, 'float32', 3), filterOf(2)];
      const y = f(x, filter);
      const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 4);
      const [dx, dFilter] = tf.grads((a: tf.Tensor, b: tf.Tensor) => f(a, b as tf.Tensor4D))([x, filter], dy);
      expect([dx!.shape, dFilter!.shape]).toEqual([shape, filter.shape]);
      expect(dot(x, dx!)).toBeCloseTo(dot(y, dy), 4);
      expect(dot(filter, dFilter!)).toBeCloseTo(dot(y, dy), 4);
    });
  });

  it('are repaired once, and again after a reset of the engine', async () => {
    const ours = tf.getKernel('AvgPoolGrad', 'cpu');
    tf.engine().reset();
    await selectBackend({ prefer: 'cpu' });
    expect(tf.getKernel('AvgPoolGrad', 'cpu')).toBe(ours);
  });
});
