import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { batchNorm } from './layers/batch-norm.ts';
import { projectionHead } from './projection-head.ts';

const paths = (options: Parameters<typeof projectionHead>[0]) => {
  const head = projectionHead(options)(createRng(0));
  const result = Object.entries(head.trainable).map(([path, { shape }]) => `${path} ${shape.join('×')}`);
  head.dispose();
  return result;
};
const norm = (i: number, dim: number) => [`norm${i}/scale ${dim}`, `norm${i}/offset ${dim}`];

describe('projectionHead', () => {
  it('is the head of BYOL: Linear, batch norm, ReLU, Linear', () => {
    expect(paths({ inputDim: 5, hiddenDim: 8, outputDim: 3, batchNorm: true })).toEqual([
      'linear1/kernel 5×8',
      ...norm(1, 8),
      'linear2/kernel 8×3',
      'linear2/bias 3',
    ]);
  });

  it('is the projection of SimSiam: three layers, the last norm without scale and offset', () => {
    const sizes = { inputDim: 5, hiddenDim: 8, outputDim: 8, numLayers: 3 };
    expect(paths({ ...sizes, batchNorm: true, batchNormLast: 'affine-free' })).toEqual([
      'linear1/kernel 5×8',
      ...norm(1, 8),
      'linear2/kernel 8×8',
      ...norm(2, 8),
      'linear3/kernel 8×8',
    ]);
  });

  it('is the head of Barlow Twins and VICReg: three layers, the last without bias', () => {
    const sizes = { inputDim: 5, hiddenDim: 8, outputDim: 7, numLayers: 3 };
    expect(paths({ ...sizes, batchNorm: true, biasLast: false }).at(-1)).toBe('linear3/kernel 8×7');
  });
});

it('batchNorm without scale and offset standardizes while training, with its buffers afterwards, and passes the gradient', () => {
  const plain = batchNorm<tf.Tensor2D>({ channels: 3, affine: false })(createRng(0));
  const learned = batchNorm<tf.Tensor2D>({ channels: 3 })(createRng(0));
  expect(Object.keys({ ...plain.trainable, ...plain.buffers })).toEqual(['mean', 'variance']);
  tf.tidy(() => {
    const x = tf.tensor2d([1, 4, 9, 2, -3, 7, 0, 5, 5, 8, 1, 1], [4, 3]);
    for (const training of [true, false]) {
      const [a, b] = [plain, learned].map((module) =>
        tf.valueAndGrad((y: tf.Tensor) => tf.sum<tf.Scalar>(tf.pow(module.apply(y as tf.Tensor2D, { training }), 3)))(x),
      );
      expect([...a!.grad.dataSync()]).toEqual([...b!.grad.dataSync()]);
      expect(a!.value.dataSync()[0]).toBe(b!.value.dataSync()[0]);
    }
    const { mean, variance } = tf.moments(plain.apply(x, { training: true }), 0);
    [...mean.dataSync()].forEach((m) => {
      expect(m).toBeCloseTo(0, 5);
    });
    [...variance.dataSync()].forEach((v) => {
      expect(v).toBeCloseTo(1, 4);
    });
  });
  plain.dispose();
  learned.dispose();
});
