// Gradients that tfjs refuses or gets wrong. Each function is linear in each operand, so that ⟨f(x), dy⟩ = ⟨x, fᵀ(dy)⟩ holds for the gradient and no other map.
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dilationCases } from '../test/cases/dilation.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { builds, randomFrom, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(dilationCases);

type Linear = (x: tf.Tensor, filter: tf.Tensor) => tf.Tensor;
const as4 = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;
const as5 = (x: tf.Tensor): tf.Tensor5D => x as tf.Tensor5D;

const CASES: readonly [what: string, f: Linear, x: number[], filter: number[]][] = [
  ['dilated conv2d, same', (x, f) => tf.conv2d(as4(x), as4(f), 1, 'same', 'NHWC', [2, 3]), [2, 7, 8, 3], [3, 2, 3, 4]],
  ['dilated conv2d, valid', (x, f) => tf.conv2d(as4(x), as4(f), 1, 'valid', 'NHWC', 2), [2, 7, 8, 3], [3, 3, 3, 4]],
  [
    'dilated conv2d, NCHW, explicit',
    (x, f) =>
      tf.conv2d(
        as4(x),
        as4(f),
        1,
        [
          [0, 0],
          [0, 0],
          [2, 1],
          [0, 3],
        ],
        'NCHW',
        2,
      ),
    [1, 3, 7, 8],
    [3, 3, 3, 4],
  ],
  ['dilated depthwiseConv2d', (x, f) => tf.depthwiseConv2d(as4(x), as4(f), 1, 'same', 'NHWC', 2), [2, 7, 8, 3], [3, 3, 3, 2]],
  ['dilated conv3d', (x, f) => tf.conv3d(as5(x), as5(f), 1, 'same', 'NDHWC', [2, 1, 2]), [1, 5, 4, 6, 2], [2, 3, 2, 2, 3]],
  ['dilated conv3d, valid', (x, f) => tf.conv3d(as5(x), as5(f), 1, 'valid', 'NDHWC', 2), [1, 5, 6, 5, 2], [2, 3, 2, 2, 3]],
  ['conv3dTranspose', (x, f) => tf.conv3dTranspose(as5(x), as5(f), [1, 6, 5, 8, 3], 2, 'same'), [1, 3, 3, 4, 2], [2, 3, 2, 3, 2]],
  ['conv3d', (x, f) => tf.conv3d(as5(x), as5(f), [1, 2, 1], 'same'), [1, 4, 5, 4, 2], [2, 3, 2, 2, 3]],
];
const FIXED: readonly [what: string, f: (x: tf.Tensor) => tf.Tensor, x: number[]][] = [
  [
    'mirrorPad, reflect',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [2, 1],
          [0, 3],
        ],
        'reflect',
      ),
    [3, 4],
  ],
  [
    'mirrorPad, symmetric',
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 3],
          [4, 1],
        ],
        'symmetric',
      ),
    [3, 4],
  ],
  ['avgPool3d over an edge', (x) => tf.avgPool3d(as5(x), 3, 2, 'same'), [1, 4, 5, 4, 3]],
  [
    'avgPool over an explicit edge',
    (x) =>
      tf.avgPool(as4(x), 3, 1, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
    [1, 3, 3, 2],
  ],
  ['resizeBilinear of half pixels', (x) => tf.image.resizeBilinear(as4(x), [7, 9], false, true), [2, 4, 5, 3]],
];

let registration: TrainingKernels;
beforeEach(async () => {
  registration = await startWasm(builds[0]!);
});
afterEach(async () => {
  registration.dispose();
  await tf.setBackend('cpu');
});

const dot = async (a: tf.Tensor, b: tf.Tensor): Promise<number> => {
  const product = tf.tidy(() => tf.sum(tf.mul(a, b)));
  const value = (await product.data())[0]!;
  product.dispose();
  return value;
};
const random = randomFrom(11);
const some = (shape: readonly number[]): tf.Tensor => tf.tensor(signedValues(random, shape).values, [...shape]);

describe('gradients', () => {
  it.each(CASES)('of %s, for image and filter', async (_, f, xShape, filterShape) => {
    const [x, filter] = [some(xShape), some(filterShape)];
    const y = f(x, filter);
    const dy = some(y.shape);
    const [dx, dFilter] = tf.grads(f)([x, filter], dy);
    const left = await dot(y, dy);
    expect(await dot(x, dx!)).toBeCloseTo(left, 3);
    expect(await dot(filter, dFilter!)).toBeCloseTo(left, 3);
    tf.dispose([x, filter, y, dy, dx!, dFilter!]);
  });

  it.each(FIXED)('of %s', async (_, f, shape) => {
    const x = some(shape);
    const y = f(x);
    const dy = some(y.shape);
    const dx = tf.grad(f)(x, dy);
    expect(await dot(x, dx)).toBeCloseTo(await dot(y, dy), 3);
    tf.dispose([x, y, dy, dx]);
  });

  it('of the gradient of a dilated convolution, for a penalty on gradients', async () => {
    const [x, filter] = [some([1, 6, 6, 2]), some([3, 3, 2, 3])];
    // ‖∂/∂x Σ conv(x, f)‖²/2 is quadratic in f: its gradient times f is twice its value
    const penalty = (f: tf.Tensor): tf.Scalar => {
      const dx = tf.grad((image: tf.Tensor) => tf.sum(tf.conv2d(as4(image), as4(f), 1, 'same', 'NHWC', 2)))(x);
      return tf.mul(tf.sum(tf.square(dx)), 0.5);
    };
    const { value, grad } = tf.valueAndGrad(penalty)(filter);
    expect((await dot(filter, grad)) / (2 * (await value.data())[0]!)).toBeCloseTo(1, 4);
    tf.dispose([x, filter, value, grad]);
  });

  it('are those of tfjs on another backend, and again after dispose', async () => {
    const [x, filter] = [some([1, 6, 6, 2]), some([3, 3, 2, 3])];
    const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [2, 2] };
    const refused = 'dilation rates greater than 1 are not yet supported';
    const ours = tf.getGradient('Conv2D');
    await tf.setBackend('cpu');
    expect(() => ours.gradFunc(x, [x, filter], attrs)).toThrow(refused);
    expect(tf.getGradient('Conv3DBackpropInputV2')).toBeDefined();
    await tf.setBackend('wasm');
    registration.dispose();
    expect(tf.getGradient('Conv2D')).not.toBe(ours);
    expect(() => tf.getGradient('Conv2D').gradFunc(x, [x, filter], attrs)).toThrow(refused);
    expect(tf.getGradient('Conv3DBackpropInputV2')).toBeUndefined();
    tf.dispose([x, filter]);
  });
});

describe('layers of tfjs-layers', () => {
  it.each([
    [
      'conv2d with dilation and an activation',
      [4, 8, 8, 2],
      () => layers.conv2d({ inputShape: [8, 8, 2], filters: 3, kernelSize: 3, dilationRate: 2, activation: 'relu' }),
    ],
    ['conv3dTranspose', [2, 3, 3, 3, 2], () => layers.conv3dTranspose({ inputShape: [3, 3, 3, 2], filters: 2, kernelSize: 2, strides: 2 })],
  ] as const)('%s trains', async (_, shape, layer) => {
    const x = some(shape);
    const model = sequential({ layers: [layer(), layers.flatten(), layers.dense({ units: 1 })] });
    const optimizer = tf.train.adam(0.01);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const y = tf.ones([shape[0], 1]);
    const losses: number[] = [];
    for (let step = 0; step < 10; step++) losses.push((await model.trainOnBatch(x, y)) as number);
    expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.9);
    model.dispose();
    optimizer.dispose();
    tf.dispose([x, y]);
  });
});
