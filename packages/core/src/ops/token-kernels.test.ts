import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectCentralDifferences } from '../../fixtures/central-differences.ts';
import { crossEntropy64, gelu64, layerNorm64, maskedSoftmax64 } from '../../fixtures/token-operations.ts';
import { drawNormal, drawUniform } from '../draws.ts';
import { createRng } from '../rng.ts';
import { dropout } from './dropout.ts';
import { gelu } from './gelu.ts';
import { layerNorm } from './layer-norm.ts';
import { maskedSoftmax } from './masked-softmax.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';
import { takeRows } from './take-rows.ts';

type Operation = (...args: tf.Tensor[]) => tf.Tensor;
interface Call {
  readonly op: Operation;
  readonly shapes: readonly (readonly number[])[];
}

const draw = (tag: string, count: number) => [...drawNormal(createRng(6).fold(tag), count)];
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A random call of each operation; `int(n)` is an integer in [1, n]. */
const calls: Readonly<Record<string, (int: (n: number) => number) => Call>> = {
  layerNorm: (int) => {
    const features = 2 + int(40);
    const op: Operation = (x, scale, offset) => layerNorm(x, { scale: scale, offset: offset, epsilon: 1e-3 });
    return { op, shapes: [[int(4), int(6), features], [features], [features]] };
  },
  gelu: (int) => ({ op: (x) => gelu(x), shapes: [[int(9), int(9)]] }),
  'gelu by tanh': (int) => ({ op: (x) => gelu(x, { approximate: 'tanh' }), shapes: [[int(9), int(9)]] }),
  softmaxCrossEntropy: (int) => {
    const [n, classes] = [int(9), int(50)];
    const labels = Array.from({ length: n }, () => int(classes + 1) - 2); // −1 among them
    return { op: (x) => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')), shapes: [[n, classes]] };
  },
  maskedSoftmax: (int) => {
    const [batch, heads, queries, keys] = [int(3), int(3), int(4), int(20)];
    const shapes = [[keys], [batch, 1, 1, keys], [queries, keys], [1, heads, 1, keys], [batch, 1, 1, 1], [batch, heads, queries, keys]];
    const shape = shapes[int(shapes.length) - 1]!;
    const hidden = Array.from({ length: count(shape) }, () => (int(5) === 1 ? -Infinity : int(3)));
    return { op: (x) => maskedSoftmax(x, { scale: 0.5, mask: tf.tensor(hidden, shape) }), shapes: [[batch, heads, queries, keys]] };
  },
  takeRows: (int) => {
    const [batch, rows] = [int(3), int(9)];
    const ids = Array.from({ length: batch * 5 }, () => int(rows) - 1);
    return { op: (x) => takeRows(x, tf.tensor(ids, [batch, 5], 'int32'), { batchDims: 1 }), shapes: [[batch, rows, int(9)]] };
  },
};

/** Value and gradients of a call on a backend, the same inputs everywhere. */
async function runOn(backend: string, { op, shapes }: Call): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const inputs = shapes.map((shape, i) => tf.tensor(draw(`input ${i}`, count(shape)), [...shape]));
  const results = tf.tidy(() => {
    const weighted: Operation = (...args) => {
      const y = op(...args);
      return tf.sum(tf.mul(y, tf.tensor(draw('weight', y.size), y.shape)));
    };
    return [op(...inputs), ...tf.grads(weighted)(inputs)];
  });
  const read = await Promise.all(results.map(async (t) => (await t.data()) as Float32Array));
  tf.dispose([...inputs, ...results]);
  return read;
}

afterAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(['stock kernels', 'training kernels'])('the operations on the wasm backend with %s', (kernels) => {
  let registered: { dispose(): void } | undefined;
  beforeEach(async () => {
    await tf.setBackend('wasm');
    registered = kernels === 'training kernels' ? await registerTrainingKernels() : undefined;
  });
  afterEach(() => {
    registered?.dispose();
  });

  const names = Object.keys(calls).filter((name) => kernels === 'training kernels' || name !== 'takeRows'); // the stock backend cannot sum segments
  it.each(names)('%s agrees with the cpu backend in 60 random cases, gradients included', async (name) => {
    for (let seed = 1; seed <= 60; seed++) {
      const numbers = drawUniform(createRng(seed).fold(name), 5000);
      let next = 0;
      const call = calls[name]!((n) => 1 + Math.floor(numbers[next++]! * n));
      const expected = await runOn('cpu', call);
      const got = await runOn('wasm', call);
      expected.forEach((values, which) => {
        const size = values.reduce((largest, v) => Math.max(largest, Math.abs(v)), 1);
        const error = values.reduce((largest, v, i) => Math.max(largest, Math.abs(v - got[which]![i]!)), 0);
        expect(error, `seed ${seed}: ${name} of ${JSON.stringify(call.shapes)}, output ${which}`).toBeLessThan(1e-5 * size);
      });
    }
  });

  it('leave their result behind and nothing else outside of tidy, gradients included', () => {
    const [x, row] = [tf.ones<tf.Rank.R2>([3, 4]), tf.ones([4])];
    const ids = tf.tensor1d([0, 2, -1], 'int32');
    const rows = tf.tensor1d([0, 2, 1], 'int32');
    const operations: Record<string, (x: tf.Tensor2D) => tf.Tensor> = {
      layerNorm: (t) => layerNorm(t, { scale: row, offset: row }),
      gelu: (t) => gelu(t),
      softmaxCrossEntropy: (t) => softmaxCrossEntropy(t, ids),
      maskedSoftmax: (t) => maskedSoftmax(t, { scale: 2, mask: row }),
      dropout: (t) => dropout(t, { rate: 0.5, rng: createRng(1) }),
      ...(kernels === 'training kernels' && { takeRows: (t: tf.Tensor2D) => takeRows(t, rows) }),
    };
    for (const [name, op] of Object.entries(operations)) {
      const before = tf.memory();
      const y = op(x);
      expect([tf.memory().numTensors - before.numTensors, tf.memory().numDataBuffers - before.numDataBuffers], name).toEqual([1, 1]);
      const gradient = tf.grad((t) => op(t as tf.Tensor2D))(x, y);
      expect([tf.memory().numTensors - before.numTensors, tf.memory().numDataBuffers - before.numDataBuffers], name).toEqual([2, 2]);
      tf.dispose([y, gradient]);
    }
    tf.dispose([x, row, ids, rows]);
  });

  it('have the gradients of central differences in float64', async () => {
    await expectCentralDifferences(
      (x, scale, offset) => layerNorm(x, { scale: scale, offset: offset, epsilon: 0.01 }),
      (x, scale, offset) => layerNorm64(x, scale, offset, 0.01),
      [
        { values: draw('x', 42), shape: [2, 3, 7] },
        { values: draw('scale', 7), shape: [7] },
        { values: draw('offset', 7), shape: [7] },
      ],
    );
    for (const approximate of ['none', 'tanh'] as const)
      await expectCentralDifferences(
        (x) => gelu(x, { approximate }),
        (x) => x.map((v) => gelu64(v, approximate)),
        [{ values: draw('x', 42).map((v) => 2 * v), shape: [6, 7] }],
      );
    const labels = [6, 0, -1, 3, 3, 5];
    await expectCentralDifferences(
      (x) => tf.tidy(() => softmaxCrossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32'))),
      (x) => crossEntropy64(x, labels),
      [{ values: draw('x', 42), shape: [6, 7] }],
    );
    const mask = draw('mask', 7);
    await expectCentralDifferences(
      (x) => maskedSoftmax(x, { scale: 0.7, mask: tf.tensor1d(mask) }),
      (x) => maskedSoftmax64(x, 7, 0.7, (i) => mask[i % 7]!),
      [{ values: draw('x', 42), shape: [2, 3, 7] }],
    );
  });

  it('drop the same numbers as on the cpu backend, bit for bit', async () => {
    for (const [seed, size] of [
      [1, 1],
      [2, 15],
      [3, 1000],
      [4, 4099],
    ] as const)
      for (const rate of [0.1, 0.5, 0.999]) {
        const call: Call = { op: (x) => dropout(x, { rate, rng: createRng(seed) }), shapes: [[size]] };
        expect(await runOn('wasm', call)).toEqual(await runOn('cpu', call));
      }
  });
});
