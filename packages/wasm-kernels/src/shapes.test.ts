// What does not fit is refused, by name, before anything is allocated or read.
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

let registration: TrainingKernels;
beforeAll(async () => {
  registration = await startWasm('plain');
});
afterAll(() => {
  registration.dispose();
});

const zeros = (...shape: number[]): tf.Tensor => tf.zeros(shape);
const run = (kernel: string, inputs: Record<string, tf.Tensor>, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel<tf.Tensor>(kernel, inputs, attrs as tf.NamedAttrMap);
const conv = { strides: [1, 1], pad: 'same', dilations: [1, 1], dataFormat: 'NHWC' };
const pool = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
const box = { filterSize: 2, strides: 2, pad: 'valid' };

const REFUSED: readonly [what: string, call: () => unknown, message: string | RegExp][] = [
  ['a vector in a product', () => tf.matMul(zeros(2, 2), zeros(2)), 'matMul: `b` must have at least two axes, got [2]'],
  [
    'a vector in a fused product',
    () => run('_FusedMatMul', { a: zeros(2), b: zeros(2, 2) }),
    'matMul: `a` must have at least two axes, got [2]',
  ],
  [
    'an image that does not fit the output of conv2dTranspose',
    () => tf.conv2dTranspose(zeros(1, 8, 8, 8) as tf.Tensor4D, zeros(8, 8, 8, 8) as tf.Tensor4D, [1, 4, 4, 8], 1, 'same'),
    'Conv2DBackpropInput: `dy` must be [1, 4, 4, 8] (what this window makes of the image), got [1, 8, 8, 8]',
  ],
  [
    'a batch that conv2dTranspose does not have',
    () => tf.conv2dTranspose(zeros(1, 4, 4, 3) as tf.Tensor4D, zeros(3, 3, 2, 3) as tf.Tensor4D, [2, 4, 4, 2], 1, 'same'),
    '`dy` must be [2, 4, 4, 3]',
  ],
  [
    'an image that does not fit the output of conv3dTranspose',
    () => tf.conv3dTranspose(zeros(1, 4, 4, 4, 3) as tf.Tensor5D, zeros(2, 2, 2, 2, 3) as tf.Tensor5D, [1, 4, 4, 4, 2], 2, 'same'),
    'Conv3DBackpropInputV2: `dy` must be float32 [1, 2, 2, 2, 3], got float32 [1, 4, 4, 4, 3]',
  ],
  [
    'a dilated window that is larger than the image',
    () =>
      tf.separableConv2d(
        zeros(1, 4, 4, 3) as tf.Tensor4D,
        zeros(3, 3, 3, 1) as tf.Tensor4D,
        zeros(1, 1, 3, 3) as tf.Tensor4D,
        1,
        'valid',
        5,
      ),
    /DepthwiseConv2dNative: `the output` must have sizes of at least 0 .*, got \[1, -6, -6, 3\]/,
  ],
  [
    'the same in a convolution',
    () => tf.conv2d(zeros(1, 4, 4, 3) as tf.Tensor4D, zeros(3, 3, 3, 1) as tf.Tensor4D, 1, 'valid', 'NHWC', 5),
    /Conv2D: `the output` must have sizes of at least 0/,
  ],
  [
    'a pool that is larger than the image',
    () => tf.maxPool(zeros(1, 2, 2, 1) as tf.Tensor4D, 5, 1, 'valid'),
    /MaxPool: `the output` must have/,
  ],
  ['an average like it', () => tf.avgPool(zeros(1, 2, 2, 1) as tf.Tensor4D, 5, 1, 'valid'), /AvgPool: `the output` must have/],
  ['an image without a batch', () => run('Conv2D', { x: zeros(4, 4, 3), filter: zeros(3, 3, 3, 1) }, conv), 'Conv2D: `x` must have 4 axes'],
  ['other channels', () => run('FusedConv2D', { x: zeros(1, 4, 4, 2), filter: zeros(3, 3, 3, 1) }, conv), 'must be 2, got 3'],
  [
    'other channels by depth',
    () => run('DepthwiseConv2dNative', { x: zeros(1, 4, 4, 2), filter: zeros(3, 3, 3, 1) }, conv),
    'DepthwiseConv2dNative: the third size of `filter`, the channels of the image, must be 2, got 3',
  ],
  [
    'a gradient of another size',
    () => run('Conv2DBackpropFilter', { x: zeros(1, 4, 4, 2), dy: zeros(1, 5, 4, 1) }, { ...conv, filterShape: [3, 3, 2, 1] }),
    'Conv2DBackpropFilter: `dy` must be [1, 4, 4, 1]',
  ],
  [
    'the same by depth, for the filter',
    () =>
      run('DepthwiseConv2dNativeBackpropFilter', { x: zeros(1, 4, 4, 2), dy: zeros(1, 4, 4, 3) }, { ...conv, filterShape: [3, 3, 2, 1] }),
    '`dy` must be [1, 4, 4, 2]',
  ],
  [
    'the same by depth, for the image',
    () =>
      run(
        'DepthwiseConv2dNativeBackpropInput',
        { filter: zeros(3, 3, 2, 1), dy: zeros(1, 2, 4, 2) },
        { ...conv, inputShape: [1, 4, 4, 2] },
      ),
    '`dy` must be [1, 4, 4, 2]',
  ],
  [
    'the same in three dimensions',
    () =>
      run(
        'Conv3DBackpropFilterV2',
        { x: zeros(1, 4, 4, 4, 2), dy: zeros(1, 4, 4, 3, 1) },
        { ...conv, strides: 1, dilations: 1, filterShape: [3, 3, 3, 2, 1] },
      ),
    'Conv3DBackpropFilterV2: `dy` must be float32 [1, 4, 4, 4, 1]',
  ],
  [
    'a max-pool gradient',
    () => run('MaxPoolGrad', { input: zeros(1, 4, 4, 1), dy: zeros(1, 3, 2, 1) }, pool),
    'MaxPoolGrad: `dy` must be [1, 2, 2, 1]',
  ],
  [
    'an average-pool gradient',
    () => run('AvgPoolGrad', { input: zeros(1, 4, 4, 1), dy: zeros(1, 2, 2, 2) }, pool),
    'AvgPoolGrad: `dy` must be',
  ],
  [
    'a 3-D max-pool gradient',
    () => run('MaxPool3DGrad', { input: zeros(1, 4, 4, 4, 1), dy: zeros(1, 2, 2, 3, 1) }, box),
    'MaxPool3DGrad: `dy` must be',
  ],
  [
    'a 3-D average-pool gradient',
    () => run('AvgPool3DGrad', { input: zeros(1, 4, 4, 4, 1), dy: zeros(1, 2, 2, 3, 1) }, box),
    'AvgPool3DGrad: `dy`',
  ],
  [
    'a resizing gradient of another batch',
    () => run('ResizeNearestNeighborGrad', { images: zeros(2, 3, 3, 1), dy: zeros(1, 6, 6, 1) }),
    'ResizeNearestNeighborGrad: `dy` must be float32 [2, 6, 6, 1], got float32 [1, 6, 6, 1]',
  ],
  [
    'an incomplete permutation',
    () => run('Transpose', { x: zeros(1, 3) }, { perm: [0, 0] }),
    'Transpose: `perm` must name each of the 2 axes',
  ],
  [
    'a negative number of segments',
    () => run('UnsortedSegmentSum', { x: zeros(2, 3), segmentIds: tf.tensor1d([0, 1], 'int32') }, { numSegments: -1 }),
    'unsortedSegmentSum: `numSegments` must be a whole number of at least 0, got -1',
  ],
  [
    'a bias that is larger than the product',
    () => run('_FusedMatMul', { a: zeros(2, 2), b: zeros(2, 2), bias: zeros(3, 2, 2) }),
    'broadcast to [2, 2]',
  ],
  [
    'another dtype',
    () => run('MaxPool', { x: tf.zeros([1, 4, 4, 1], 'int32') }, pool),
    'MaxPool: `x` must be float32 [1, 4, 4, 1], got int32',
  ],
  ['the morphological dilation', () => run('Dilation2D', { x: zeros(1, 4, 4, 2), filter: zeros(2, 2, 3) }, conv), 'must be 2, got 3'],
];

describe('operands that do not fit', () => {
  it.each(REFUSED)('%s', (_, call, message) => {
    const ids = (): number => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();
    const before = ids();
    let failure: unknown;
    tf.tidy(() => {
      try {
        call();
      } catch (error) {
        failure = error;
      }
    });
    expect(failure).toMatchObject({ code: 'SELFSUP_SHAPE' });
    expect((failure as Error).message).toMatch(message);
    expect(ids()).toBe(before);
  });
});
