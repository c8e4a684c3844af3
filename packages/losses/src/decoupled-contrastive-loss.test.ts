import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { decoupledContrastiveLoss } from './decoupled-contrastive-loss.ts';

const [n, dim] = [5, 4];
const draw = (tag: string) => tf.tensor2d(drawNormal(createRng(3).fold(tag), n * dim), [n, dim]);

/** The definition in float64. */
function reference(views: number[][][], temperature: number, options: { sigma?: number }): number {
  const [a, b] = views.map((rows) => rows.map((row) => row.map((x) => x / Math.hypot(...row)))) as [number[][], number[][]];
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, d) => sum + value * y[d]!, 0);
  const similar = a.map((row, i) => dot(row, b[i]!));
  const { sigma } = options;
  const meanWeight = similar.reduce((sum, s) => sum + Math.exp(s / (sigma ?? 1)) / a.length, 0);
  let sum = 0;
  for (const view of [a, b])
    view.forEach((row, i) => {
      const others = [...a.filter((_, j) => j !== i), ...b.filter((_, j) => j !== i)];
      const weight = sigma === undefined ? 1 : 2 - Math.exp(similar[i]! / sigma) / meanWeight;
      sum +=
        Math.log(others.reduce((total, other) => total + Math.exp(dot(row, other) / temperature), 0)) -
        (weight * similar[i]!) / temperature;
    });
  return sum / (2 * a.length);
}

it.each([
  [0.1, undefined],
  [0.5, undefined],
  [0.1, 0.5],
  [0.5, 0.2],
])('is its definition at temperature %d with sigma %s', (temperature, sigma) => {
  tf.tidy(() => {
    const [a, b] = [draw('a'), draw('b')];
    const options = { temperature, ...(sigma !== undefined && { weighted: true, sigma }) };
    const views = [a, b].map((view) => view.arraySync());
    expect(decoupledContrastiveLoss(a, b, options).dataSync()[0]).toBeCloseTo(
      reference(views, temperature, { ...(sigma && { sigma }) }),
      4,
    );
  });
});

it('has the gradient of its definition: central differences, the weights held fixed by DCL', () => {
  tf.tidy(() => {
    const [a, b] = [draw('a'), draw('b')];
    const gradient = tf
      .grad((x: tf.Tensor) => decoupledContrastiveLoss(x as tf.Tensor2D, b, { temperature: 0.3 }))(a)
      .arraySync() as number[][];
    const rows = [a.arraySync(), b.arraySync()];
    for (const [i, d] of [
      [0, 0],
      [3, 2],
    ] as const) {
      const at = (step: number) =>
        reference([rows[0]!.map((row, r) => row.map((x, c) => (r === i && c === d ? x + step : x))), rows[1]!], 0.3, {});
      expect(gradient[i]![d]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 4);
    }
  });
});

it('says what is wrong', () => {
  tf.tidy(() => {
    const a = draw('a');
    expect(() => decoupledContrastiveLoss(a, a, { sigma: 0 })).toThrow('`sigma` must be > 0, got 0');
    expect(() => decoupledContrastiveLoss(a, a, { temperature: 0 })).toThrow('`temperature` must be a finite number > 0, got 0');
    expect(() => decoupledContrastiveLoss(tf.ones([1, 2]), tf.ones([1, 2]))).toThrow('at least 2 rows, got shape [1, 2]');
  });
});
