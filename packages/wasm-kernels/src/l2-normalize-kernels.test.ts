import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

/** Rows of several magnitudes, some of them zero. */
function rows(random: () => number) {
  const shape = pick(random, [[integer(random, 0, 40)], [integer(random, 0, 9), integer(random, 1, 40)], [2, integer(random, 1, 4), 17]]);
  const columns = shape.at(-1)!;
  const x = signedValues(random, shape);
  for (let r = 0; r * columns < x.values.length; r++) {
    const size = pick(random, [1, 1, 1e-8, 1e15, 0]);
    for (let c = 0; c < columns; c++) x.values[r * columns + c]! *= size;
  }
  return { x, shape, columns, epsilon: pick(random, [1e-12, 1e-3]) };
}

const normOf = (values: ArrayLike<number>, columns: number, i: number): number => {
  const row = Math.floor(i / columns) * columns;
  return Math.hypot(...Array.from({ length: columns }, (_, c) => values[row + c]!));
};

describeKernel('division of rows by their norms against float64', 'SelfsupL2Normalize', (random) => {
  const { x, shape, columns, epsilon } = rows(random);
  const y = Float64Array.from(x.values, (v, i) => v / Math.max(normOf(x.values, columns, i), epsilon));
  const count = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const norm = Float64Array.from({ length: count }, (_, r) => (columns === 0 ? 0 : normOf(x.values, columns, r * columns)));
  return { inputs: { x }, attrs: { epsilon }, expected: [y, norm] };
});

describeKernel('its gradient against float64', 'SelfsupL2NormalizeGrad', (random) => {
  const { x, shape, columns, epsilon } = rows(random);
  const norms = Array.from({ length: shape.slice(0, -1).reduce((a, b) => a * b, 1) }, (_, r) =>
    Math.fround(columns === 0 ? 0 : normOf(x.values, columns, r * columns)),
  );
  const y = { shape, values: Float32Array.from(x.values, (v, i) => v / Math.max(norms[Math.floor(i / columns)]!, epsilon)) };
  const dy = signedValues(random, shape);
  const dx = Float64Array.from(dy.values, (d, i) => {
    const row = Math.floor(i / columns);
    let along = 0;
    for (let c = row * columns; c < (row + 1) * columns; c++) along += y.values[c]! * dy.values[c]!;
    return norms[row]! < epsilon ? 0 : (d - y.values[i]! * along) / norms[row]!;
  });
  const norm = { shape: [...shape.slice(0, -1), 1], values: Float32Array.from(norms) };
  return { inputs: { dy, y, norm }, attrs: { epsilon }, expected: [dx] };
});

describe('division of rows by their norms', () => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm('plain');
  });
  afterAll(() => {
    registration.dispose();
  });

  it('neither overflows nor vanishes, and gives no gradient where the norm exceeds float32', async () => {
    const x = tf.tensor2d([3e38, 3e38, 3e-30, 4e-30, 0, 0], [3, 2]);
    const [y, norm] = tf.engine().runKernel<tf.Tensor[]>('SelfsupL2Normalize', { x }, { epsilon: 1e-38 });
    expect([...(await y!.data())]).toEqual([Math.SQRT1_2, Math.SQRT1_2, 0.6, 0.8, 0, 0].map(Math.fround));
    expect([...(await norm!.data())]).toEqual([Infinity, Math.fround(5e-30), 0]);
    const dy = tf.ones([3, 2]);
    const dx = tf.engine().runKernel<tf.Tensor>('SelfsupL2NormalizeGrad', { dy, y: y!, norm: norm! }, { epsilon: 1e-38 });
    const gradient = await dx.data();
    expect([...gradient.slice(0, 2), ...gradient.slice(4)]).toEqual([0, 0, 0, 0]);
    expect(gradient[2]! * 5e-30).toBeCloseTo(1 - 0.6 * 1.4, 6);
    tf.dispose([x, y!, norm!, dy, dx]);
  });

  it('names what does not fit', () => {
    const [x, y] = [tf.scalar(1), tf.ones([2, 3])];
    expect(() => tf.engine().runKernel('SelfsupL2Normalize', { x }, {})).toThrow('expected a float32 tensor [..., dim], got float32 []');
    expect(() => tf.engine().runKernel('SelfsupL2NormalizeGrad', { dy: x, y, norm: x }, {})).toThrow('`dy` must have shape [2, 3]');
    tf.dispose([x, y]);
  });
});
