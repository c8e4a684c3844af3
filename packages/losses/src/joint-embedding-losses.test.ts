import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { barlowTwinsLoss } from './barlow-twins-loss.ts';
import { negativeCosineSimilarity } from './negative-cosine-similarity.ts';
import { vicregLoss } from './vicreg-loss.ts';
import { wMseLoss } from './w-mse-loss.ts';

const draw = (tag: string, n: number, dim: number) => tf.tensor2d(drawNormal(createRng(3).fold(tag), n * dim), [n, dim]);
const numberOf = (f: () => tf.Scalar) => tf.tidy(() => f().dataSync()[0]!);

describe('negativeCosineSimilarity', () => {
  it('is -cos of the angle, whatever the lengths, and 2 - 2 cos summed over the directions for BYOL', () => {
    const cos = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
    const at = (degrees: number, length: number) => tf.tensor2d([[length * cos(degrees), length * cos(90 - degrees)]]);
    expect(numberOf(() => negativeCosineSimilarity([at(10, 2)], [at(70, 0.1)]))).toBeCloseTo(-0.5, 6);
    expect(numberOf(() => negativeCosineSimilarity([at(10, 2), at(0, 1)], [at(70, 0.1), at(90, 1)]))).toBeCloseTo(-0.25, 6);
    const byol = () => negativeCosineSimilarity([at(10, 2), at(0, 1)], [at(70, 0.1), at(90, 1)], { convention: 'byol' });
    expect(numberOf(byol)).toBeCloseTo(2 - 2 * 0.5 + 2, 5);
  });

  it('has a gradient 4 times as large with the convention of BYOL as with the mean over both directions', () => {
    tf.tidy(() => {
      const [p, q, s, t] = ['p', 'q', 's', 't'].map((tag) => draw(tag, 5, 4)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const [mean, byol] = (['mean', 'byol'] as const).map((convention) =>
        tf
          .grad((x: tf.Tensor) => negativeCosineSimilarity([x as tf.Tensor2D, q], [s, t], { convention }))(p)
          .dataSync(),
      );
      mean!.forEach((x, i) => {
        expect(byol![i]).toBeCloseTo(4 * x, 5);
      });
    });
  });
});

describe('barlowTwinsLoss', () => {
  const clean = () => tf.tensor2d([1, 1, 1, -1, -1, 1, -1, -1], [4, 2]); // columns of deviation 1 that do not correlate
  it('is 0 for equal views of uncorrelated dimensions and counts each off-diagonal correlation once', () => {
    expect(numberOf(() => barlowTwinsLoss(clean(), clean()))).toBeCloseTo(0, 5);
    expect(numberOf(() => barlowTwinsLoss(clean(), tf.neg(clean())))).toBeCloseTo(2 * 4, 3);
    // two equal columns correlate by 1: two places off the diagonal
    const twice = () => tf.gather(clean(), [0, 0], 1);
    expect(numberOf(() => barlowTwinsLoss(twice(), twice(), { lambda: 0.5 }))).toBeCloseTo(2 * 0.5, 4);
    expect(numberOf(() => barlowTwinsLoss(twice(), twice(), { lambda: 0.5, scale: 0.1 }))).toBeCloseTo(0.1, 5);
  });

  it('does not depend on shift and scale of a dimension', () => {
    const value = (change: (x: tf.Tensor2D) => tf.Tensor2D) => numberOf(() => barlowTwinsLoss(change(draw('a', 9, 4)), draw('b', 9, 4)));
    expect(value((x) => tf.add(tf.mul(x, [1, 2, 5, 9]), [0, 3, -2, 7]))).toBeCloseTo(
      value((x) => x),
      3,
    );
  });
});

describe('vicregLoss', () => {
  it('has its three terms in closed form', () => {
    const a = () => tf.tensor2d([1, 1, -1, -1], [2, 2]); // variance 2 each: no hinge; covariance 2
    const only = (which: 'invarianceWeight' | 'varianceWeight' | 'covarianceWeight', x: () => tf.Tensor2D, y: () => tf.Tensor2D) =>
      numberOf(() => vicregLoss(x(), y(), { invarianceWeight: 0, varianceWeight: 0, covarianceWeight: 0, [which]: 1 }));
    expect(only('invarianceWeight', a, () => tf.add(a(), [1, 3]))).toBeCloseTo((1 + 9) / 2, 6);
    expect(only('covarianceWeight', a, a)).toBeCloseTo((2 * 2 * 4) / 2, 6);
    expect(only('varianceWeight', a, a)).toBe(0);
    const still = () => tf.ones<tf.Rank.R2>([2, 2]);
    expect(only('varianceWeight', a, still)).toBeCloseTo(0.5 * (1 - 0.01), 6);
    expect(numberOf(() => vicregLoss(still(), still(), { convention: 'summed' }))).toBeCloseTo(50 * 0.99, 4);
  });
});

describe('wMseLoss', () => {
  const loss = (scale: number, shrinkTo: 'unit' | 'variance') => (a: tf.Tensor2D) =>
    wMseLoss([tf.mul(a, scale), tf.mul(draw('b', 9, 4), scale)], { epsilon: 0.1, shrinkTo });
  it('shrunk to the variance depends on no scale, shrunk to the unit matrix it does, and both agree where the mean variance is 1', () => {
    const at = (scale: number, shrinkTo: 'unit' | 'variance') => numberOf(() => loss(scale, shrinkTo)(draw('a', 9, 4)));
    expect(at(0.01, 'variance')).toBeCloseTo(at(1, 'variance'), 5);
    expect(Math.abs(at(0.01, 'unit') - at(1, 'unit'))).toBeGreaterThan(0.01);
    const normal = (tag: string) => {
      const rows = draw(tag, 9, 4);
      const centered = tf.sub(rows, tf.mean(rows, 0));
      return tf.div<tf.Tensor2D>(centered, tf.sqrt(tf.div(tf.sum(tf.square(centered)), 8 * 4)));
    };
    const of = (shrinkTo: 'unit' | 'variance') => numberOf(() => wMseLoss([normal('a'), normal('b')], { epsilon: 0.1, shrinkTo }));
    expect(of('variance')).toBeCloseTo(of('unit'), 5);
  });

  it('has the gradient of differences where it is shrunk to the variance', () => {
    tf.tidy(() => {
      const f = loss(1, 'variance');
      const a = draw('a', 9, 4);
      const slopes = tf
        .grad((x: tf.Tensor) => f(x as tf.Tensor2D))(a)
        .dataSync();
      for (const at of [0, 7, 18, 35]) {
        const moved = (by: number) => f(tf.add(a, tf.mul(by, tf.reshape(tf.oneHot(at, 36), [9, 4])))).dataSync()[0]!;
        expect(slopes[at]).toBeCloseTo((moved(0.01) - moved(-0.01)) / 0.02, 3);
      }
    });
  });
});

describe.each([
  ['barlowTwinsLoss', barlowTwinsLoss],
  ['vicregLoss', vicregLoss],
] as const)('%s', (name, loss) => {
  it('takes its statistics over all rows: it is not the mean over parts of a batch', () => {
    tf.tidy(() => {
      const [a, b] = [draw('a', 10, 4), draw('b', 10, 4)];
      const part = (x: tf.Tensor2D, from: number) => tf.slice2d(x, [from, 0], [5, 4]);
      const parts = [0, 5].map((from) => loss(part(a, from), part(b, from)).dataSync()[0]!);
      expect(Math.abs((parts[0]! + parts[1]!) / 2 / loss(a, b).dataSync()[0]! - 1)).toBeGreaterThan(1e-2);
    });
  });

  it('says what is wrong', () => {
    tf.tidy(() => {
      const failures: [string, string, () => unknown][] = [
        ['SELFSUP_SHAPE', `${name}: \`b\` must have shape [4, 3] like \`a\`, got [4, 2]`, () => loss(draw('a', 4, 3), draw('b', 4, 2))],
        ['SELFSUP_SHAPE', `${name}: \`a\` must have at least 2 rows, got shape [1, 3]`, () => loss(draw('a', 1, 3), draw('b', 1, 3))],
        [
          'SELFSUP_OPTION',
          'must be a finite number >= 0, got -1',
          () => loss(draw('a', 4, 3), draw('b', 4, 3), { lambda: -1, varianceWeight: -1 }),
        ],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect((error as Error).message).toContain(message);
          expect(isSelfsupError(error) && error.code).toBe(code);
        }
    });
  });
});

it('negativeCosineSimilarity and the conventions say what is wrong', () => {
  tf.tidy(() => {
    const x = draw('a', 4, 3);
    expect(() => negativeCosineSimilarity([x, x], [x])).toThrow(
      '`targets` must hold as many tensors as `predictions`, at least one, got 1 for 2',
    );
    expect(() => negativeCosineSimilarity([], [])).toThrow('got 0 for 0');
    expect(() => negativeCosineSimilarity([x], [x], { convention: 'other' as 'mean' })).toThrow(
      "`convention` must be 'mean' or 'byol', got 'other'",
    );
    expect(() => vicregLoss(x, x, { convention: 'other' as 'halved' })).toThrow("`convention` must be 'halved' or 'summed', got 'other'");
    expect(() => barlowTwinsLoss(x, x, { scale: 0 })).toThrow('`scale` must be a finite number > 0, got 0');
  });
});
