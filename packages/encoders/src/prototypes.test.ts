import { createRng, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { prototypes } from './prototypes.ts';

it('multiplies unit rows with unit prototypes and has no bias', () => {
  const head = prototypes({ inputDim: 5, numPrototypes: 7 })(createRng(0));
  expect(Object.entries(head.trainable).map(([path, { shape }]) => [path, ...shape])).toEqual([['kernel', 5, 7]]);
  expect(head.buffers).toEqual({});
  tf.tidy(() => {
    const kernel = head.trainable['kernel']!;
    for (const length of tf.norm(kernel, 2, 0).dataSync()) expect(length).toBeCloseTo(1, 5);
    expect(new Set(kernel.dataSync()).size).toBe(35);
    const row = tf.slice(tf.transpose(kernel), 2, 1) as tf.Tensor2D; // prototype 2
    const scores = head.apply(row, { training: true });
    expect(scores.shape).toEqual([1, 7]);
    expect(scores.dataSync()[2]).toBeCloseTo(1, 5);
    expect(Math.max(...scores.dataSync().map(Math.abs))).toBeLessThan(1.00001);
    expect([...head.apply(tf.zeros([1, 5]), { training: true }).dataSync()]).toEqual(Array(7).fill(0));
  });
  head.dispose();
});

it('says what is wrong with an option or the input', () => {
  const head = prototypes({ inputDim: 5, numPrototypes: 7 })(createRng(0));
  const failures: [string, string, () => unknown][] = [
    ['SELFSUP_OPTION', 'prototypes: `numPrototypes`', () => prototypes({ inputDim: 5, numPrototypes: 0 })],
    ['SELFSUP_SHAPE', 'prototypes: `input`', () => tf.tidy(() => head.apply(tf.zeros([2, 4]), { training: true }))],
  ];
  for (const [code, message, call] of failures)
    try {
      call();
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toContain(message);
      expect(isSelfsupError(error) && error.code).toBe(code);
    }
  head.dispose();
});
