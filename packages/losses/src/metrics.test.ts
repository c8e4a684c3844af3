import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { contrastiveAccuracy } from './contrastive-accuracy.ts';
import { embeddingStd } from './embedding-std.ts';

const draw = (tag: string, n: number, dim: number) => tf.tensor2d(drawNormal(createRng(6).fold(tag), n * dim), [n, dim]);
const number = (make: () => tf.Scalar) => tf.tidy(() => make().dataSync()[0]!);

describe('contrastiveAccuracy', () => {
  it('is 1 for equal views and 0 for views that each resemble the next image', () => {
    const eye = () => tf.eye(4);
    expect(number(() => contrastiveAccuracy([eye(), eye()]))).toBe(1);
    expect(number(() => contrastiveAccuracy([eye(), eye(), eye()]))).toBe(1);
    expect(number(() => contrastiveAccuracy([eye(), tf.gather(eye(), [1, 2, 3, 0])]))).toBe(0);
  });

  it.each([2, 3])('counts as a loop over rows does, %d views', (numViews) => {
    const n = 20;
    const views = Array.from({ length: numViews }, (_, v) =>
      tf.tidy(() => tf.add<tf.Tensor2D>(tf.mul(draw('image', n, 4), 2), draw(`view${v}`, n, 4))),
    );
    const rows = views.flatMap((view) => view.arraySync());
    const cosine = (a: number[], b: number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0) / Math.hypot(...a) / Math.hypot(...b);
    const hits = rows.filter((anchor, i) => {
      const nearest = rows
        .map((row, j) => (i === j ? -2 : cosine(anchor, row)))
        .reduce((best, x, j, all) => (x > all[best]! ? j : best), 0);
      return nearest % n === i % n;
    });
    const accuracy = number(() => contrastiveAccuracy(views));
    expect(accuracy).toBeCloseTo(hits.length / rows.length, 6);
    expect(accuracy).toBeGreaterThan(0.1);
    expect(accuracy).toBeLessThan(0.9);
    tf.dispose(views);
  });

  it('with labels counts nearest rows of the same known class, too', () => {
    const angles = [0, 0.3, 1, 1.2, 2, 2.5]; // nearest: 1, 0, 3, 2, 5, 4
    const of = (turn: number) =>
      tf.tensor2d(
        angles.flatMap((angle) => [Math.cos(angle + turn), Math.sin(angle + turn)]),
        [6, 2],
      );
    const views = [of(0), of(Math.PI)]; // a view is never nearest to the other
    expect(number(() => contrastiveAccuracy(views))).toBe(0);
    const labels = tf.tensor1d([0, 0, 1, 2, -1, -1], 'int32');
    expect(number(() => contrastiveAccuracy(views, { labels }))).toBeCloseTo(1 / 3);
    const few = tf.tensor1d([0], 'int32');
    expect(() => contrastiveAccuracy(views, { labels: few })).toThrow('`labels` must have shape [6]');
    tf.dispose([views, labels, few]);
  });

  it('does not reward collapse', () => {
    expect(number(() => contrastiveAccuracy([tf.ones([10, 3]), tf.ones([10, 3])]))).toBeLessThanOrEqual(0.1);
  });

  it('refuses one view and unequal views', () => {
    tf.tidy(() => {
      expect(() => contrastiveAccuracy([tf.ones([2, 2])])).toThrow('`views` must hold at least 2 tensors, got 1');
      expect(() => contrastiveAccuracy([tf.ones([2, 2]), tf.ones([3, 2])])).toThrow(
        '`views[1]` must have shape [2, 2] like `views[0]`, got [3, 2]',
      );
    });
  });
});

describe('embeddingStd', () => {
  it('is 0 for collapsed rows and about 1/√dim for rows spread over the sphere', () => {
    expect(number(() => embeddingStd(tf.tensor2d([[1, 2], [2, 4], [5, 10]])))).toBeCloseTo(0, 6); // prettier-ignore
    expect(number(() => embeddingStd(draw('sphere', 500, 64)))).toBeCloseTo(1 / 8, 2);
  });

  it('is the unbiased deviation per dimension', () => {
    expect(number(() => embeddingStd(tf.tensor2d([[3, 0], [0, 7]])))).toBeCloseTo(Math.SQRT1_2, 6); // prettier-ignore
  });

  it('refuses a single row', () => {
    tf.tidy(() => {
      expect(() => embeddingStd(tf.ones([1, 4]))).toThrow('embeddingStd: `z` must have at least 2 rows, got shape [1, 4]');
    });
  });
});

describe('metrics under a tape', () => {
  it('save nothing for a gradient and leave nothing behind', () => {
    const [a, b] = [draw('a', 6, 3), draw('b', 6, 3)];
    let saved = -1;
    const { value, grads } = tf.valueAndGrads((x: tf.Tensor) => {
      const before = tf.memory().numTensors;
      const metrics = [contrastiveAccuracy([x as tf.Tensor2D, b]), embeddingStd(x as tf.Tensor2D)];
      saved = tf.memory().numTensors - before - metrics.length;
      return tf.sum<tf.Scalar>(tf.square(x));
    })([a]);
    expect(saved).toBe(0);
    tf.dispose([value, grads, a, b]);
  });
});
