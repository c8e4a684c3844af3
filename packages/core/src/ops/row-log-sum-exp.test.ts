import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { rowLogSumExp, rowLogSumExpGradient, type OmittedEntries } from './row-log-sum-exp.ts';

const LOGITS = [
  [0.5, -1, 2, 0],
  [1, 1, -3, 4],
  [0, 0, 0, 0],
];
const DY = [1, -2, 0.5];

const cases: readonly (OmittedEntries | undefined)[] = [undefined, { from: 0, period: 4 }, { from: 1, period: 4 }, { from: 5, period: 2 }];

test.each(cases)('is the logarithm of the summed exponentials of what counts, and so is its gradient: %o', async (omit) => {
  const counts = (i: number, j: number): boolean => omit === undefined || j % omit.period !== (omit.from + i) % omit.period;
  const sums = LOGITS.map((row, i) => row.reduce((sum, value, j) => sum + (counts(i, j) ? Math.exp(value) : 0), 0));
  const result = rowLogSumExp(tf.tensor2d(LOGITS), omit);
  const dy = tf.tensor1d(DY);
  const gradient = rowLogSumExpGradient({ logits: tf.tensor2d(LOGITS), result, dy }, omit);
  (await result.data()).forEach((value, i) => {
    expect(value).toBeCloseTo(Math.log(sums[i]!), 5);
  });
  (await gradient.data()).forEach((value, at) => {
    const [i, j] = [Math.floor(at / 4), at % 4];
    expect(value).toBeCloseTo(counts(i, j) ? (DY[i]! * Math.exp(LOGITS[i]![j]!)) / sums[i]! : 0, 5);
  });
  tf.dispose([result, dy, gradient]); // the logits are gone
});

test('a single column that does not count leaves nothing: −∞', async () => {
  const result = rowLogSumExp(tf.tensor2d([[3], [4]]), { from: 0, period: 1 });
  expect([...(await result.data())]).toEqual([-Infinity, -Infinity]);
  result.dispose();
});
