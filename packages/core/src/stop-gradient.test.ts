import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { stopGradient } from './stop-gradient.ts';

it('stopGradient passes the value on and no gradient back', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, -2, 3]);
    expect([...stopGradient(x).dataSync()]).toEqual([1, -2, 3]);
    // d/dx of x · stop(x²) is stop(x²) alone
    const gradient = tf.grad((t) => tf.sum(tf.mul(t, stopGradient(tf.square(t)))))(x);
    expect([...gradient.dataSync()]).toEqual([1, 4, 9]);
  });
});

it('stopGradient leaves its result and nothing else, which outlives its input', () => {
  const x = tf.tensor1d([5]);
  const before = tf.memory().numTensors;
  const y = stopGradient(x);
  expect(tf.memory().numTensors).toBe(before + 1);
  x.dispose();
  expect(y.dataSync()[0]).toBe(5);
  y.dispose();
});
