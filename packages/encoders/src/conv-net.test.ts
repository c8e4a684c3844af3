import { createRng, isSelfsupError, type Module } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { convNet } from './conv-net.ts';
import { hashedValues } from './parity/hashed-values.ts';
import { projectionHead } from './projection-head.ts';
import { saveWeights } from './save-weights.ts';

const small = convNet({ channels: 3, widths: [4, 8] });
const images = () => tf.tensor4d(hashedValues(0, 'images', 4 * 8 * 8 * 3), [4, 8, 8, 3]);
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (isSelfsupError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing thrown';
};

test('its paths, shapes and output are the documented ones', () => {
  const encoder = small(createRng(0));
  const shapes = Object.fromEntries(Object.entries({ ...encoder.trainable, ...encoder.buffers }).map(([path, v]) => [path, v.shape]));
  expect(shapes).toEqual({
    'conv1/kernel': [3, 3, 3, 4],
    'norm1/scale': [4],
    'norm1/offset': [4],
    'conv2/kernel': [3, 3, 4, 8],
    'norm2/scale': [8],
    'norm2/offset': [8],
    'norm1/mean': [4],
    'norm1/variance': [4],
    'norm2/mean': [8],
    'norm2/variance': [8],
  });
  expect(Object.values(encoder.trainable).every((variable) => variable.trainable)).toBe(true);
  expect(Object.values(encoder.buffers).some((variable) => variable.trainable)).toBe(false);
  const [x, y] = [images(), tf.tidy(() => encoder.apply(images(), { training: true }))];
  expect(y.shape).toEqual([4, small.outputDim]);
  tf.dispose([x, y]);
  encoder.dispose();
});

test('one seed gives one network, another seed another, and no two kernels share a stream', async () => {
  const build = async (seed: number) => {
    const module = convNet({ channels: 4, widths: [4, 4, 4] })(createRng(seed));
    const weights = await saveWeights(module);
    module.dispose();
    return weights;
  };
  const [a, again, other] = [await build(0), await build(0), await build(1)];
  expect(again).toEqual(a);
  expect(other['conv1/kernel']!.data).not.toEqual(a['conv1/kernel']!.data);
  expect(a['conv2/kernel']!.data).not.toEqual(a['conv1/kernel']!.data);
  const bound = 1 / Math.sqrt(36);
  const largest = Math.max(...a['conv1/kernel']!.data.map(Math.abs));
  expect(largest).toBeLessThanOrEqual(bound);
  expect(largest).toBeGreaterThan(0.9 * bound);
});

test('inference writes nothing and repeats itself; training moves the running statistics only', async () => {
  const encoder = small(createRng(0)) as Module;
  const x = images();
  const before = await saveWeights(encoder);
  const [y1, y2] = [encoder.apply(x, { training: false }), encoder.apply(x, { training: false })];
  expect(await y1.data()).toEqual(await y2.data());
  expect(await saveWeights(encoder)).toEqual(before);
  const trained = encoder.apply(x, { training: true });
  const after = await saveWeights(encoder);
  for (const path of Object.keys(encoder.trainable)) expect(after[path], path).toEqual(before[path]);
  for (const path of Object.keys(encoder.buffers)) expect(after[path]!.data, path).not.toEqual(before[path]!.data);
  tf.dispose([x, y1, y2, trained]);
  encoder.dispose();
});

test('training leaves no tensor but its output, with and without a tape, and dispose leaves no variable', () => {
  const start = tf.memory().numTensors;
  const encoder = small(createRng(0));
  const x = images();
  const built = tf.memory().numTensors;
  encoder.apply(x, { training: true }).dispose();
  expect(tf.memory().numTensors).toBe(built);
  const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.square(encoder.apply(x, { training: true }))));
  expect(Object.keys(grads)).toHaveLength(6);
  expect(tf.memory().numTensors).toBe(built + 7);
  tf.dispose([x, value, grads]);
  encoder.dispose();
  expect(tf.memory().numTensors).toBe(start);
});

test('what does not fit is refused by name', () => {
  const encoder = small(createRng(0));
  const refusals = tf.tidy(() => [
    codeOf(() => encoder.apply(tf.zeros([2, 8, 8, 1]), { training: false })),
    codeOf(() => encoder.apply(tf.zeros<tf.Rank.R3>([8, 8, 3]) as tf.Tensor as tf.Tensor4D, { training: false })),
    codeOf(() => encoder.apply(tf.zeros([0, 8, 8, 3]), { training: false })),
    codeOf(() => encoder.apply(tf.zeros([2, 8, 8, 3], 'int32'), { training: false })),
  ]);
  const expected = 'SELFSUP_SHAPE convNet: `input` must have shape [batch, height, width, 3] without an empty axis, got ';
  expect(refusals).toEqual([
    `${expected}[2, 8, 8, 1]`,
    `${expected}[8, 8, 3]`,
    `${expected}[0, 8, 8, 3]`,
    'SELFSUP_DTYPE convNet: `input` must be float32, got int32',
  ]);
  encoder.dispose();
  expect(codeOf(() => convNet({ widths: [] }))).toContain('SELFSUP_OPTION convNet: `widths`');
  expect(codeOf(() => convNet({ widths: [8, 0] }))).toContain('SELFSUP_OPTION convNet: `widths[1]`');
  expect(codeOf(() => convNet({ widths: [8], norm: 'group' }))).toContain(
    'SELFSUP_OPTION groupNorm: `numGroups` must divide the 8 channels, got 32',
  );
  const head = projectionHead({ inputDim: 4, hiddenDim: 4, outputDim: 2 })(createRng(0));
  expect(tf.tidy(() => codeOf(() => head.apply(tf.zeros([2, 5]), { training: false })))).toBe(
    'SELFSUP_SHAPE projectionHead: `input` must have shape [batch, 4] without an empty axis, got [2, 5]',
  );
  head.dispose();
});
