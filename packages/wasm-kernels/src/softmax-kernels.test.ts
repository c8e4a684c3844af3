import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { softmax64 } from '../test/float64-functions.ts';
import { describeKernel } from '../test/kernel-cases.ts';
import { builds, integer, pick, runKernel, signedValues, startWasm, type Values } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

const columnsOf = (random: () => number) => pick(random, [integer(random, 1, 9), integer(random, 4, 130), integer(random, 1000, 1100)]);

function times(x: Values, factor: number): Values {
  return { ...x, values: x.values.map((v) => v * factor) };
}

describeKernel('Softmax against float64', 'Softmax', (random) => {
  const columns = columnsOf(random);
  const shape = pick(random, [[columns], [integer(random, 0, 20), columns], [integer(random, 1, 4), integer(random, 1, 4), columns]]);
  const logits = times(signedValues(random, shape), pick(random, [1, 10, 100]));
  return { inputs: { logits }, attrs: { dim: shape.length - 1 }, expected: [softmax64(logits.values, columns)] };
});

describeKernel('masked softmax against float64', 'SelfsupMaskedSoftmax', (random) => {
  const keys = columnsOf(random);
  const [batch, heads, queries] = [integer(random, 1, 3), integer(random, 1, 3), integer(random, 1, 5)];
  const shape = [batch, heads, queries, keys];
  const maskShape = pick(random, [
    [keys],
    [batch, 1, 1, keys],
    [queries, keys],
    [1, heads, queries, keys],
    [batch, 1, queries, keys],
    shape,
    [1, 1, 1, keys],
  ]);
  const x = times(signedValues(random, shape), pick(random, [1, 30]));
  const mask = signedValues(random, maskShape);
  const hidden = pick(random, [0, 0.3, 0.95]);
  mask.values.forEach((_, i) => (mask.values[i] = random() < hidden ? pick(random, [-Infinity, -1e9]) : pick(random, [0, random()])));
  const scale = pick(random, [1, 0.125, -2]);
  // from the place in x to the place in the mask
  const full = [1, 1, 1, 1].map((_, axis) => maskShape[axis - 4 + maskShape.length] ?? 1);
  const place = (i: number): number => {
    const at = [
      Math.floor(i / (heads * queries * keys)),
      Math.floor(i / (queries * keys)) % heads,
      Math.floor(i / keys) % queries,
      i % keys,
    ];
    return full.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : at[axis]!), 0);
  };
  // Powers of two as scales: then both builds round scale·x + mask alike, once, as here. It matters where −1e9 hides a whole row.
  const z = x.values.map((v, i) => scale * v + mask.values[place(i)]!);
  const unmasked = random() < 0.2;
  return {
    inputs: unmasked ? { x } : { x, mask },
    attrs: { scale },
    expected: [unmasked ? softmax64(times(x, scale).values, keys) : softmax64(z, keys)],
  };
});

describeKernel('masked softmax gradient against float64', 'SelfsupMaskedSoftmaxGrad', (random) => {
  const columns = columnsOf(random);
  const shape = [integer(random, 0, 5), integer(random, 1, 9), columns];
  const y: Values = { shape, values: Float32Array.from(softmax64(times(signedValues(random, shape), 2).values, columns)) };
  const dy = signedValues(random, shape);
  const scale = pick(random, [1, 0.25]);
  const along = new Float64Array(y.values.length / columns);
  y.values.forEach((v, i) => (along[Math.floor(i / columns)]! += dy.values[i]! * v));
  const dx = Float64Array.from(y.values, (v, i) => scale * v * (dy.values[i]! - along[Math.floor(i / columns)]!));
  return { inputs: { dy, y }, attrs: { scale }, expected: [dx] };
});

describe.each(builds)('softmax (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });
  const row = (...values: number[]): Values => ({ shape: [1, values.length], values: Float32Array.from(values) });

  it('has zeros where all is hidden, and keeps a NaN in its row', async () => {
    const x: Values = { shape: [3, 5], values: Float32Array.from([1, 2, 3, 4, 5, NaN, 1, 1, 1, 1, 0, 0, 0, 0, 0]) };
    const mask: Values = { shape: [3, 5], values: new Float32Array(15).fill(-Infinity, 0, 5) };
    const [y] = await runKernel('wasm', 'SelfsupMaskedSoftmax', { x, mask }, {});
    const fifth = Math.fround(0.2);
    expect([...y!.data]).toEqual([0, 0, 0, 0, 0, NaN, NaN, NaN, NaN, NaN, fifth, fifth, fifth, fifth, fifth]);
  });

  it('takes logits of any height, and −∞ among them', async () => {
    const softmax = async (...values: number[]) => [
      ...(await runKernel('wasm', 'Softmax', { logits: row(...values) }, { dim: 1 }))[0]!.data,
    ];
    expect(await softmax(3e38, 3e38, -3e38, -Infinity)).toEqual([0.5, 0.5, 0, 0]);
    expect(await softmax(-3e38, -Infinity)).toEqual([1, 0]);
    expect((await softmax(Infinity, 1))[0]).toBe(NaN);
  });

  it('names the mask that it cannot address', () => {
    tf.tidy(() => {
      const x = tf.ones([2, 3, 2, 4]);
      for (const mask of [tf.ones([1, 3, 1, 4]), tf.ones([2, 1, 1, 1]), tf.ones([3]), tf.ones([1, 2, 3, 2, 4]), tf.ones([4], 'int32')])
        expect(() => tf.engine().runKernel('SelfsupMaskedSoftmax', { x, mask }, {})).toThrow(
          'SelfsupMaskedSoftmax: `mask` must be float32',
        );
      expect(() => tf.engine().runKernel('SelfsupMaskedSoftmaxGrad', { y: x, dy: tf.ones([4]) }, {})).toThrow(
        '`dy` must be float32 [2, 3, 2, 4]',
      );
    });
  });
});
