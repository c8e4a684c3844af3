import {
  batchNormTraining,
  createRng,
  dropout,
  gelu,
  groupNorm,
  l2Normalize,
  layerNorm,
  maskedSoftmax,
  softmaxCrossEntropy,
} from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { randomTensor, type KernelCase } from './measure.ts';

/** Forward and backward pass of a function of `inputs`, whose first input is large; `passes` times its bytes are the least that must be moved. */
function both(name: string, passes: number, [f, inputs]: [(...inputs: tf.Tensor[]) => tf.Tensor, tf.Tensor[]]): KernelCase {
  const dy = tf.tidy(() => tf.onesLike(f(...inputs)));
  return { name, work: (passes * inputs[0]!.size * 4) / 1e9, unit: 'GB/s', run: () => tf.grads(f)(inputs, dy) };
}

/** What a training step does beside products and convolutions, against the same operations composed of stock kernels. */
export function operationCases(): KernelCase[] {
  const image = randomTensor<tf.Rank.R4>([32, 32, 32, 256], 1); // 8 M elements
  const channels = [randomTensor<tf.Rank.R1>([256], 2), randomTensor<tf.Rank.R1>([256], 3)];
  const residual = randomTensor<tf.Rank.R4>([32, 32, 32, 256], 4);
  const tokens = randomTensor<tf.Rank.R2>([4096, 256], 5);
  const hidden = randomTensor<tf.Rank.R2>([4096, 1024], 6);
  const scores = randomTensor<tf.Rank.R4>([32, 4, 128, 128], 7);
  const logits = randomTensor<tf.Rank.R2>([614, 30522], 8);
  const labels = tf.tensor1d(
    Array.from({ length: 614 }, (_, i) => (i * 7919) % 30522),
    'int32',
  );
  const rng = createRng(0);
  const unary = (name: string, f: (x: tf.Tensor) => tf.Tensor): KernelCase => ({
    name,
    work: (2 * hidden.size * 4) / 1e9,
    unit: 'GB/s',
    run: () => f(hidden),
  });
  return [
    both('batch norm, 8 M values', 5, [
      (x, scale, offset) => batchNormTraining(x, { scale: scale, offset: offset }).y,
      [image, ...channels],
    ]),
    both('batch norm + residual + ReLU, 8 M', 8, [
      (x, scale, offset, shortcut) => batchNormTraining(x, { scale: scale, offset: offset, residual: shortcut, activation: 'relu' }).y,
      [image, ...channels, residual],
    ]),
    both('group norm, 8 M values', 5, [
      (x, scale, offset) => groupNorm(x as tf.Tensor4D, { scale: scale, offset: offset, numGroups: 32 }),
      [image, ...channels],
    ]),
    both('layer norm, 4096×256', 5, [(x, scale, offset) => layerNorm(x, { scale: scale, offset: offset }), [tokens, ...channels]]),
    both('GELU, 4096×1024', 5, [(x) => gelu(x), [hidden]]),
    both('softmax of attention, 32×4×128×128', 5, [(x) => maskedSoftmax(x, { scale: 0.125 }), [scores]]),
    both('cross entropy, 614×30522', 3, [(x) => softmaxCrossEntropy(x as tf.Tensor2D, labels), [logits]]),
    both('dropout, 4096×1024', 4, [(x) => dropout(x, { rate: 0.1, rng }), [hidden]]),
    both('L2 normalization of rows, 4096×256', 5, [(x) => l2Normalize(x), [tokens]]),
    both('max pool 2×2, 8 M values', 3.5, [(x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'), [image]]),
    both('average pool 2×2, 8 M values', 2.5, [(x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'), [image]]),
    { name: 'sum over [0, 1, 2], 8 M values', work: (image.size * 4) / 1e9, unit: 'GB/s', run: () => tf.sum(image, [0, 1, 2]) },
    unary('exp, 4 M values', tf.exp),
    unary('erf, 4 M values', tf.erf),
    unary('tanh, 4 M values', tf.tanh),
  ];
}
