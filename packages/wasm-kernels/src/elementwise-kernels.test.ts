import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elementwiseCases } from '../test/cases/elementwise.ts';
import { erf64, ulps } from '../test/float64-functions.ts';
import { describeCases } from '../test/kernel-cases.ts';
import { builds, randomFrom, runKernel, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

describeCases(elementwiseCases);

const UNARY: readonly [kernel: string, definition: (x: number) => number, bound: number][] = [
  ['Exp', Math.exp, 1],
  ['Erf', erf64, 3],
  ['Tanh', Math.tanh, 6],
];

const specials = [NaN, Infinity, -Infinity, 0, -0, 1e-41, -1e-41, 3e38, -3e38];

describe.each(builds)('elementwise kernels (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });
  const run = async (kernel: string, values: readonly number[], attrs = {}): Promise<number[]> => {
    const x: Values = { shape: [values.length], values: Float32Array.from(values) };
    return [...(await runKernel('wasm', kernel, { x }, attrs))[0]!.data];
  };

  it.each(UNARY)('%s is exact to a few units in the last place, over its range and around 0', async (kernel, definition, bound) => {
    const random = randomFrom(7);
    const ends = kernel === 'Exp' ? [-103.9, 88.7] : [-10, 10];
    const x = Float32Array.from({ length: 40_000 }, (_, i) =>
      i % 2 === 0 ? ends[0]! + (ends[1]! - ends[0]!) * random() : (random() * 2 - 1) * 10 ** (-30 * random()),
    );
    const y = await run(kernel, [...x]);
    y.forEach((v, i) => {
      expect(ulps(v, definition(x[i]!)), `${kernel}(${x[i]!}) = ${v}`).toBeLessThanOrEqual(bound);
    });
  });

  it('follows the definitions at special values, the sign of zero included', async () => {
    const tiny = Math.fround(1e-41);
    const slope = 2 / Math.sqrt(Math.PI);
    expect(await run('Exp', specials)).toEqual([NaN, Infinity, 0, 1, 1, 1, 1, Infinity, 0]);
    expect(await run('Exp', [-103.5, -88, 88.7228, 88.723])).toEqual(
      [-103.5, -88, 88.7228, 88.723].map((x) => Math.fround(Math.exp(Math.fround(x)))),
    );
    expect(await run('Erf', specials)).toEqual([NaN, 1, -1, 0, -0, Math.fround(slope * tiny), -Math.fround(slope * tiny), 1, -1]);
    expect(await run('Tanh', specials)).toEqual([NaN, 1, -1, 0, -0, tiny, -tiny, 1, -1]);
    for (const approximate of ['none', 'tanh']) {
      const [nan, top, bottom, zero, minusZero, , , large, small] = await run('SelfsupGelu', specials, { approximate });
      expect([nan, top, bottom, zero, minusZero, large, small]).toEqual([NaN, Infinity, 0, 0, -0, Math.fround(3e38), 0]);
    }
  });

  it('gives GELU a slope of 0 or 1 at the far ends', async () => {
    const x: Values = { shape: [5], values: Float32Array.of(-Infinity, -3e38, 3e38, Infinity, NaN) };
    const dy: Values = { shape: [5], values: new Float32Array(5).fill(1) };
    for (const approximate of ['none', 'tanh']) {
      const [dx] = await runKernel('wasm', 'SelfsupGeluGrad', { dy, x }, { approximate });
      expect([...dx!.data].map((v) => v + 0)).toEqual([0, 0, 1, 1, NaN]);
    }
  });

  it('leaves other dtypes to the stock kernels, and refuses them where there are none', async () => {
    const x = tf.tensor1d([0, 1], 'int32');
    const y = tf.exp(x);
    expect([...(await y.data())]).toEqual([1, Math.fround(Math.E)]);
    expect(() => tf.engine().runKernel('SelfsupGelu', { x }, {})).toThrow('SelfsupGelu: `x` must be a float32 tensor, got int32 [2]');
    const [float, two] = [tf.ones([3]), tf.ones([2])];
    expect(() => tf.engine().runKernel('SelfsupGeluGrad', { dy: two, x: float }, {})).toThrow('`dy` must be float32 [3], got float32 [2]');
    tf.dispose([x, y, float, two]);
  });
});
