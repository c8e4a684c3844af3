import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { isSelfsupError } from '@selfsup/core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { binaryAccuracy } from './binary-accuracy.ts';
import { binaryCrossEntropy } from './binary-cross-entropy.ts';
import { maskedAccuracy } from './masked-accuracy.ts';
import { maskedCrossEntropy } from './masked-cross-entropy.ts';

interface TokenCase {
  loss: 'maskedCrossEntropy' | 'binaryCrossEntropy';
  shape: number[];
  logits: number[];
  labels: number[];
  weights: number[] | null;
  value: number;
  gradient: number[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/token-losses.json', import.meta.url), 'utf8')) as {
  meta: { torch: string };
  cases: TokenCase[];
};
const ints = (...values: number[]) => tf.tensor1d(values, 'int32');
const number = (make: () => tf.Scalar) => tf.tidy(() => make().dataSync()[0]!);

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    // the stock wasm backend without our kernels: the losses need none of them
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(
    fixture.cases.map(
      (example) => [`${example.loss} [${example.shape.join(', ')}], weights ${example.weights !== null}`, example] as const,
    ),
  )(`agrees with PyTorch ${fixture.meta.torch}: %s`, (_, { loss, shape, logits, labels, weights, value, gradient }) => {
    tf.tidy(() => {
      const options = weights ? { weights: tf.tensor1d(weights) } : {};
      const run = (x: tf.Tensor): tf.Scalar =>
        loss === 'maskedCrossEntropy'
          ? maskedCrossEntropy(x as tf.Tensor2D, ints(...labels), options)
          : binaryCrossEntropy(x as tf.Tensor1D, ints(...labels), options);
      const actual = tf.valueAndGrads(run)([tf.tensor(logits, shape)]);
      expect(Math.abs(actual.value.dataSync()[0]! - value)).toBeLessThan(1e-5 * value);
      const largest = Math.max(...gradient.map(Math.abs));
      actual.grads[0]!.dataSync().forEach((v, i) => {
        expect(Math.abs(v - gradient[i]!)).toBeLessThan(1e-5 * largest);
      });
    });
  });

  it('is 0 with zero gradients where nothing counts', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2], [3, -4]]); // prettier-ignore
      const flat = tf.tensor1d([1, -2]);
      const zeros = () => tf.zeros<tf.Rank.R1>([2]);
      const results = [
        tf.valueAndGrad((logits) => maskedCrossEntropy(logits as tf.Tensor2D, ints(-1, -1)))(x),
        tf.valueAndGrad((logits) => maskedCrossEntropy(logits as tf.Tensor2D, ints(0, 1), { weights: zeros() }))(x),
        tf.valueAndGrad((logits) => binaryCrossEntropy(logits as tf.Tensor1D, ints(0, 1), { weights: zeros() }))(flat),
      ];
      for (const { value, grad } of results) expect([value.dataSync()[0], ...grad.dataSync()].every((v) => v === 0)).toBe(true);
      expect(maskedAccuracy(x, ints(-1, -1)).dataSync()[0]).toBe(0);
    });
  });

  it('stays finite for sure answers, right and wrong', () => {
    expect(number(() => binaryCrossEntropy(tf.tensor1d([200, -200]), ints(1, 0)))).toBe(0);
    expect(number(() => binaryCrossEntropy(tf.tensor1d([200, -200]), ints(0, 1)))).toBe(200);
    expect(number(() => maskedCrossEntropy(tf.tensor2d([[1000, 0]]), ints(1)))).toBe(1000);
  });

  it('counts hits by weight and leaves ignored rows out', () => {
    const logits = () => tf.tensor2d([[0, 2, 1], [3, 0, 0], [0, 0, 1], [5, 6, 7]]); // prettier-ignore
    expect(number(() => maskedAccuracy(logits(), ints(1, 1, 2, 0)))).toBe(0.5);
    expect(number(() => maskedAccuracy(logits(), ints(1, 1, 2, -1)))).toBeCloseTo(2 / 3, 6);
    expect(number(() => maskedAccuracy(logits(), ints(1, 1, 2, 0), { weights: tf.tensor1d([1, 0, 2, 1]) }))).toBe(0.75);
    const scores = () => tf.tensor1d([3, -1, 2, -4, 0]);
    expect(number(() => binaryAccuracy(scores(), ints(1, 0, 0, 1, 0)))).toBeCloseTo(3 / 5, 6);
    expect(number(() => binaryAccuracy(scores(), ints(1, 0, 0, 1, 0), { weights: tf.tensor1d([1, 0, 0, 1, 0]) }))).toBe(0.5); // the recall
    expect(number(() => binaryAccuracy(scores(), ints(1, 0, 0, 1, 0), { weights: tf.zeros([5]) }))).toBe(0);
  });
});

it('the accuracies have no gradient and add nothing to the tape', () => {
  tf.tidy(() => {
    const signs = (x: tf.Tensor) => tf.add<tf.Scalar>(binaryAccuracy(x as tf.Tensor1D, ints(0, 1)), tf.sum(x));
    expect([
      ...tf
        .grad(signs)(tf.tensor1d([1, 2]))
        .dataSync(),
    ]).toEqual([1, 1]);
    const loss = (x: tf.Tensor) => tf.add<tf.Scalar>(maskedAccuracy(x as tf.Tensor2D, ints(0)), tf.sum(x));
    expect([
      ...tf
        .grad(loss)(tf.tensor2d([[1, 2]]))
        .dataSync(),
    ]).toEqual([1, 1]);
  });
});

it('leaves nothing but the results behind', () => {
  const [logits, labels, flat] = [tf.zeros<tf.Rank.R2>([3, 4]), ints(0, 1, 2), tf.zeros<tf.Rank.R1>([3])];
  const before = tf.memory().numTensors;
  const results = [
    maskedCrossEntropy(logits, labels),
    maskedAccuracy(logits, labels),
    binaryCrossEntropy(flat, labels),
    binaryAccuracy(flat, labels),
  ];
  expect(tf.memory().numTensors).toBe(before + 4);
  tf.dispose([results, logits, labels, flat]);
});

it('names what does not fit', () => {
  tf.tidy(() => {
    const logits = tf.zeros<tf.Rank.R2>([2, 3]);
    const flat = tf.zeros<tf.Rank.R1>([2]);
    const three = tf.zeros<tf.Rank.R1>([3]);
    const failures: [string, string, () => unknown][] = [
      ['SELFSUP_SHAPE', 'maskedCrossEntropy: `logits` must have shape [n >= 1, classes >= 1], got [2]', () => maskedCrossEntropy(flat as unknown as tf.Tensor2D, ints(0, 1))], // prettier-ignore
      [
        'SELFSUP_SHAPE',
        'maskedCrossEntropy: `labels` must have shape [2], one for each row, got [3]',
        () => maskedCrossEntropy(logits, ints(0, 1, 2)),
      ],
      ['SELFSUP_DTYPE', 'maskedAccuracy: `labels` must be int32, got float32', () => maskedAccuracy(logits, flat)],
      ['SELFSUP_DTYPE', 'maskedAccuracy: `logits` must be float32, got int32', () => maskedAccuracy(tf.cast(logits, 'int32'), ints(0, 1))],
      ['SELFSUP_SHAPE', 'maskedAccuracy: `weights` must have shape [2], one for each row, got [3]', () => maskedAccuracy(logits, ints(0, 1), { weights: three })], // prettier-ignore
      ['SELFSUP_SHAPE', 'binaryCrossEntropy: `logits` must have shape [n >= 1], got [2, 3]', () => binaryCrossEntropy(logits as unknown as tf.Tensor1D, ints(0, 1))], // prettier-ignore
      [
        'SELFSUP_SHAPE',
        'binaryCrossEntropy: `labels` must have shape [2], one for each row, got [3]',
        () => binaryCrossEntropy(flat, three),
      ],
      [
        'SELFSUP_DTYPE',
        'binaryCrossEntropy: `weights` must be float32, got int32',
        () => binaryCrossEntropy(flat, flat, { weights: ints(1, 1) }),
      ],
    ];
    for (const [code, message, call] of failures)
      try {
        call();
        expect.unreachable();
      } catch (error) {
        expect([isSelfsupError(error) && error.code, (error as Error).message]).toEqual([code, message]);
      }
  });
});
