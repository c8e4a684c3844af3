import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { isSelfsupError } from '@selfsup/core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipGramLoss } from './skip-gram-loss.ts';

interface Case {
  shapes: [[number, number], [number, number]];
  contexts: number[];
  noise: number[];
  weights: number[] | null;
  value: number;
  gradients: [number[], number[]];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/skip-gram-loss.json', import.meta.url), 'utf8')) as {
  meta: { torch: string };
  cases: Case[];
};
type Values = Pick<Case, 'shapes' | 'contexts' | 'noise' | 'weights'>;

/** The definition in float64, pair by pair. */
const definition = ({ shapes, contexts, noise, weights }: Values): number => {
  const [[rows, numContexts], [, numNoise]] = shapes;
  const logSigmoid = (x: number) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  let [sum, total] = [0, 0];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < numContexts; j++) {
      let loss = -logSigmoid(contexts[i * numContexts + j]!);
      for (let k = 0; k < numNoise; k++) loss -= logSigmoid(-noise[i * numNoise + k]!);
      const weight = weights?.[i * numContexts + j] ?? 1;
      sum += weight * loss;
      total += weight;
    }
  return sum / total;
};
/** Value and both gradients. */
const measure = ({ shapes, contexts, noise, weights }: Values) =>
  tf.tidy(() => {
    const options = weights ? { weights: tf.tensor2d(weights, shapes[0]) } : {};
    const run = (u: tf.Tensor, n: tf.Tensor) => skipGramLoss(u as tf.Tensor2D, n as tf.Tensor2D, options);
    const { value, grads } = tf.valueAndGrads(run)([tf.tensor2d(contexts, shapes[0]), tf.tensor2d(noise, shapes[1])]);
    return { value: value.dataSync()[0]!, gradients: grads.map((slopes) => [...slopes.dataSync()]) };
  });
const expectClose = (got: number[], expected: number[], relative: number) => {
  const largest = Math.max(...expected.map(Math.abs));
  got.forEach((v, i) => {
    expect(Math.abs(v - expected[i]!)).toBeLessThan(relative * largest);
  });
};
const rows = fixture.cases.map(
  ({ shapes, weights }, i) => [`${JSON.stringify(shapes)}, weights ${weights !== null}`, fixture.cases[i]!] as const,
);

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(rows)(`agrees with PyTorch ${fixture.meta.torch} in float64: %s`, (_, example) => {
    const { value, gradients } = measure(example);
    expect(Math.abs(value / example.value - 1)).toBeLessThan(1e-5);
    gradients.forEach((slopes, i) => {
      expectClose(slopes, example.gradients[i]!, 1e-5);
    });
  });

  it.each(rows)('agrees with the definition in float64, its gradients by central differences: %s', (_, example) => {
    const { value, gradients } = measure(example);
    expect(Math.abs(value / definition(example) - 1)).toBeLessThan(1e-5);
    (['contexts', 'noise'] as const).forEach((name, part) => {
      const moved = (i: number, by: number) => definition({ ...example, [name]: example[name].map((v, j) => (j === i ? v + by : v)) });
      const slopes = example[name].map((_, i) => (moved(i, 1e-5) - moved(i, -1e-5)) / 2e-5);
      expectClose(gradients[part]!, slopes, 1e-5);
    });
  });

  it('is (1 + negatives) log 2 of zeros, and stays finite for sure answers, right and wrong', () => {
    const of = (contexts: number[], noise: number[]) =>
      measure({ shapes: [[1, contexts.length], [1, noise.length]], contexts, noise, weights: null }).value; // prettier-ignore
    expect(of([0, 0], [0, 0, 0, 0, 0])).toBeCloseTo(6 * Math.log(2), 5);
    expect(of([200], [-200, -200])).toBe(0);
    expect(of([-200], [200, 100])).toBe(500);
  });

  it('is 0 with zero gradients where nothing counts', () => {
    const { value, gradients } = measure({ shapes: [[2, 1], [2, 2]], contexts: [1, -2], noise: [3, 4, 5, -6], weights: [0, 0] }); // prettier-ignore
    expect([value, ...gradients.flat()].every((v) => v === 0)).toBe(true);
  });
});

it('leaves nothing but the result behind', () => {
  const [contexts, noise, weights] = [tf.zeros<tf.Rank.R2>([3, 4]), tf.zeros<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([3, 4])];
  const before = tf.memory().numTensors;
  const results = [skipGramLoss(contexts, noise), skipGramLoss(contexts, noise, { weights })];
  expect(tf.memory().numTensors).toBe(before + 2);
  tf.dispose([results, contexts, noise, weights]);
});

it('names what does not fit', () => {
  tf.tidy(() => {
    const good = tf.zeros<tf.Rank.R2>([2, 3]);
    const flat = tf.zeros<tf.Rank.R1>([2]) as unknown as tf.Tensor2D;
    const ints = tf.zeros<tf.Rank.R2>([2, 3], 'int32');
    const failures: [string, string, () => unknown][] = [
      ['SELFSUP_SHAPE', '`contexts` must have shape [n >= 1, contexts >= 1], got [2]', () => skipGramLoss(flat, good)],
      ['SELFSUP_SHAPE', '`noise` must have shape [2, negatives >= 1], a row for each of `contexts`, got [1, 3]', () => skipGramLoss(good, tf.zeros([1, 3]))], // prettier-ignore
      ['SELFSUP_SHAPE', '`weights` must have shape [2, 3] like `contexts`, got [2]', () => skipGramLoss(good, good, { weights: flat })],
      ['SELFSUP_DTYPE', '`contexts` must be float32, got int32', () => skipGramLoss(ints, good)],
      ['SELFSUP_DTYPE', '`noise` must be float32, got int32', () => skipGramLoss(good, ints)],
      ['SELFSUP_DTYPE', '`weights` must be float32, got int32', () => skipGramLoss(good, good, { weights: ints })],
    ];
    for (const [code, message, call] of failures)
      try {
        call();
        expect.unreachable();
      } catch (error) {
        expect([isSelfsupError(error) && error.code, (error as Error).message]).toEqual([code, `skipGramLoss: ${message}`]);
      }
  });
});
