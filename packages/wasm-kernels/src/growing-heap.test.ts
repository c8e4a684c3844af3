import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { wasmBackend } from '../test/fill-heap.ts';
import { builds, integer, pick, randomFrom, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

let registration: TrainingKernels;
beforeEach(async () => {
  registration = await startWasm(builds[0]!);
});
afterEach(() => {
  registration.dispose();
});

const heapBytes = (): number => wasmBackend().wasm.HEAPU8.byteLength;

it('grows under a kernel, for its output or for its scratch, without disturbing it', async () => {
  const a = tf.fill<tf.Rank.R4>([1, 32, 32, 384], 0.5);
  const b = tf.fill<tf.Rank.R4>([3, 3, 384, 384], 2);
  const small = heapBytes();
  const product = tf.conv2d(a, b, 1, 'valid'); // transforms the filters, 20 MiB
  expect(heapBytes()).toBeGreaterThan(small);
  const found = await product.data();
  expect(found.every((value) => Math.abs(value / (9 * 384) - 1) < 1e-4)).toBe(true);
  const column = tf.fill<tf.Rank.R2>([8000, 1], 3);
  const before = heapBytes();
  const outer = tf.matMul(column, column, false, true); // 244 MiB
  expect(heapBytes()).toBeGreaterThan(before);
  const [low, high] = [tf.min(outer), tf.max(outer)];
  expect([(await low.data())[0], (await high.data())[0]]).toEqual([9, 9]);
  tf.dispose([a, b, product, column, outer, low, high]);
});

/** A step of some small network with random sizes: convolutions, normalization, pooling, embedding, products. */
function mixedStep(random: () => number): void {
  const [size, channels, columns] = [integer(random, 4, 12), pick(random, [3, 8, 16]), pick(random, [4, 16, 40])];
  tf.tidy(() => {
    const x = tf.randomUniform<tf.Rank.R4>([4, size, size, channels], -1, 1, 'float32', 1);
    const w = tf.randomUniform<tf.Rank.R4>([3, 3, channels, columns], -1, 1, 'float32', 2);
    const d = tf.randomUniform<tf.Rank.R4>([3, 3, columns, 1], -1, 1, 'float32', 3);
    const e = tf.randomUniform<tf.Rank.R2>([30, columns], -1, 1, 'float32', 4);
    const ids = tf.tensor1d([1, 2, 1, 29], 'int32');
    tf.grads((image, filter, depthwise, table) => {
      const y = tf.depthwiseConv2d(
        tf.relu(tf.conv2d(image as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same')),
        depthwise as tf.Tensor4D,
        2,
        'same',
      );
      const pooled = tf.mean(tf.maxPool(y, 2, 1, 'same'), [1, 2]);
      const rows = tf.gather(table, ids);
      return tf.sum(tf.matMul(pooled as tf.Tensor2D, rows as tf.Tensor2D, false, true));
    })([x, w, d, e]);
  });
}

it('does not grow over 200 mixed steps', () => {
  const random = randomFrom(7);
  for (let i = 0; i < 40; i++) mixedStep(random);
  const before = heapBytes();
  for (let i = 0; i < 200; i++) mixedStep(random);
  expect(heapBytes()).toBe(before);
});

it('serves growing operands with scratch that grows by halves', () => {
  const { wasm } = wasmBackend();
  const malloc = wasm._malloc;
  const taken: number[] = [];
  let size = 0;
  wasm._malloc = (bytes) => {
    if (bytes !== size * size * 4) taken.push(bytes);
    return malloc(bytes);
  };
  for (size = 100; size < 500; size += 2) {
    const a = tf.ones<tf.Rank.R2>([size, size]);
    tf.dispose([a, tf.matMul(a, a)]);
  }
  wasm._malloc = malloc;
  expect(taken.length).toBeLessThan(12);
  for (let i = 1; i < taken.length; i++) expect(taken[i]! / taken[i - 1]!).toBeGreaterThanOrEqual(1.5);
});
