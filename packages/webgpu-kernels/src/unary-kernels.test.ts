import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnGpu } from '../test/webgpu-under-test.ts';

const values = [NaN, Infinity, -Infinity, -100, -20, -1.5, -0, 0, 1e-8, 0.7, 6, 7, 100];
const expected: Readonly<Record<string, (x: number) => number>> = {
  relu6: (x) => (x < 0 ? 0 : x > 6 ? 6 : x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => (x === -Infinity ? 0 : Math.max(x, 0) + (Number.isFinite(x) ? Math.log1p(Math.exp(-Math.abs(x))) : 0)),
};

describeOnGpu('functions of one number under the names of tfjs', () => {
  it.each(Object.entries(expected))('%s lets NaN through and keeps its digits', async (name, definition) => {
    const x = tf.tensor1d(values);
    const y = (tf as unknown as Record<string, (x: tf.Tensor) => tf.Tensor>)[name]!(x);
    const got = [...(await y.data())];
    values.forEach((value, i) => {
      const exact = Number.isNaN(value) ? NaN : definition(value);
      if (Number.isFinite(exact)) expect(Math.abs(got[i]! - exact), `${value}`).toBeLessThanOrEqual(1e-6 * Math.abs(exact) + 1e-37);
      else expect(got[i], `${value}`).toBe(exact);
    });
    const whole = tf.tidy(() => (name === 'relu6' ? tf.relu6(tf.tensor1d([-1, 8], 'int32')) : tf.tensor1d([0, 6], 'int32')));
    expect([whole.dtype, ...(await whole.data())]).toEqual(['int32', 0, 6]); // by the stock kernel
    tf.dispose([x, y, whole]);
  });

  it.each([
    ['sin', tf.sin, Math.sin],
    ['cos', tf.cos, Math.cos],
  ] as const)('%s is right to the last digits, outside of [-π, π], too', async (_, wave, definition) => {
    const angles = Float32Array.from({ length: 301 }, (_, i) => (i - 150) * (i % 3 === 0 ? 0.021 : i % 3 === 1 ? 0.7 : 61.3));
    const x = tf.tensor1d([...angles, NaN, Infinity, -Infinity]);
    const y = wave(x);
    const got = await y.data();
    angles.forEach((angle, i) => {
      expect(Math.abs(got[i]! - definition(angle)), `${angle}`).toBeLessThan(6e-7);
    });
    expect([...got.subarray(angles.length)]).toEqual([NaN, NaN, NaN]);
    tf.dispose([x, y]);
  });

  it('softmax of a row with NaN is NaN in the whole row, and of nothing but −∞, too', async () => {
    const x = tf.tensor2d([
      [1, NaN, 2],
      [1, 1, 1 + Math.log(2)],
      [1, -Infinity, 1],
      [-Infinity, -Infinity, -Infinity],
      [Infinity, 0, 0],
    ]);
    const y = tf.softmax(x);
    const got = [...(await y.data())].map((value) => Math.round(value * 1e6) / 1e6);
    expect(got).toEqual([NaN, NaN, NaN, 0.25, 0.25, 0.5, 0.5, 0, 0.5, NaN, NaN, NaN, NaN, NaN, NaN]);
    tf.dispose([x, y]);
  });
});
