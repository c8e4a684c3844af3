import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { prototypeEntropy } from './prototype-entropy.ts';
import { sinkhorn } from './sinkhorn.ts';
import { swavLoss } from './swav-loss.ts';

const draw = (n: number, k: number, tag = 'scores') => tf.tanh(tf.tensor2d(drawNormal(createRng(3).fold(tag), n * k), [n, k]));
const largest = (x: tf.Tensor) => tf.max(tf.abs(x)).dataSync()[0]!;

describe('sinkhorn', () => {
  it('gives rows that sum to 1 and, with enough iterations, prototypes of equal mass', () => {
    tf.tidy(() => {
      for (const epsilon of [0.05, 0.3]) {
        const codes = sinkhorn(draw(12, 4), { epsilon, iterations: 300 });
        expect(largest(tf.sub(tf.sum(codes, 1), 1))).toBeLessThan(1e-5);
        expect(largest(tf.sub(tf.sum(codes, 0), 3))).toBeLessThan(1e-3);
        expect(tf.min(codes).dataSync()[0]).toBeGreaterThanOrEqual(0);
      }
    });
  });

  it('does not depend on a constant that is added to a prototype, a row or all, at convergence', () => {
    tf.tidy(() => {
      const scores = draw(6, 3);
      const options = { epsilon: 0.3, iterations: 100 };
      const codes = sinkhorn(scores, options);
      for (const added of [tf.scalar(5), tf.tensor2d([[1, -2, 0.5]]), tf.expandDims(tf.range(0, 6), 1)])
        expect(largest(tf.sub(sinkhorn(tf.add(scores, added), options), codes))).toBeLessThan(1e-4);
    });
  });

  it('moves with its rows and its prototypes', () => {
    tf.tidy(() => {
      const [scores, rows, columns] = [draw(5, 4), [3, 0, 4, 1, 2], [2, 3, 0, 1]];
      const permuted = (x: tf.Tensor2D) => tf.gather(tf.gather(x, rows, 0), columns, 1);
      expect(largest(tf.sub(sinkhorn(permuted(scores)), permuted(sinkhorn(scores))))).toBeLessThan(1e-6);
    });
  });

  it('balances each position on its own', () => {
    tf.tidy(() => {
      const rows = draw(12, 5);
      const scores = tf.reshape<tf.Rank.R3>(rows, [4, 3, 5]);
      const codes = sinkhorn(scores, { iterations: 4 });
      const each = tf.unstack(scores, 1).map((position) => sinkhorn(position as tf.Tensor2D, { iterations: 4 }));
      expect(largest(tf.sub(codes, tf.stack(each, 1)))).toBeLessThan(1e-6);
      expect(largest(tf.sub(codes, tf.reshape(sinkhorn(rows, { iterations: 4 }), [4, 3, 5])))).toBeGreaterThan(1e-3);
    });
  });

  it('stays finite where exponentials would overflow', () => {
    tf.tidy(() => {
      const codes = sinkhorn(tf.mul(draw(8, 5), 100), { epsilon: 0.001 });
      expect([...codes.dataSync()].every(Number.isFinite)).toBe(true);
      expect(largest(tf.sub(tf.sum(codes, 1), 1))).toBeLessThan(1e-5);
    });
  });

  it('takes a queue into the balance and gives codes for the other rows alone', () => {
    tf.tidy(() => {
      const [scores, queue] = [draw(4, 3), draw(7, 3, 'queue')];
      const joint = sinkhorn(tf.concat([scores, queue], 0));
      const codes = sinkhorn(scores, { queue });
      expect(codes.shape).toEqual([4, 3]);
      expect(largest(tf.sub(codes, tf.slice(joint, 0, 4)))).toBeLessThan(1e-6);
      expect(largest(tf.sub(sinkhorn(scores), codes))).toBeGreaterThan(0.01);
    });
  });

  it('leaves rows out of the balance that do not count, beside a queue too', () => {
    tf.tidy(() => {
      const scores = draw(6, 3);
      const at = tf.tensor1d([0, 2, 3, 5], 'int32');
      const counted = tf.tensor1d([1, 0, 1, 1, 0, 1]);
      for (const options of [{}, { queue: draw(5, 3, 'queue') }]) {
        const alone = sinkhorn(tf.gather(scores, at), options);
        const among = sinkhorn(scores, { ...options, counted });
        expect(largest(tf.sub(tf.gather(among, at), alone))).toBeLessThan(1e-6);
        expect(largest(tf.sub(tf.gather(sinkhorn(scores, options), at), alone))).toBeGreaterThan(0.01);
      }
      expect(() => sinkhorn(scores, { counted: tf.ones([5]) })).toThrow(
        'sinkhorn: `counted` must have shape [6], one for each row, got [5]',
      );
    });
  });

  it('lets no gradient through', () => {
    tf.tidy(() => {
      expect(largest(tf.grad((x) => tf.sum(tf.square(sinkhorn(x as tf.Tensor2D))))(draw(4, 3)))).toBe(0);
    });
  });
});

describe('swavLoss', () => {
  it('is log(numPrototypes) for indifferent crops and the mean over all pairs of assigned and other crops', () => {
    tf.tidy(() => {
      const [scores, codes] = [
        [draw(4, 3, 'a'), draw(4, 3, 'b'), draw(4, 3, 'c')],
        [sinkhorn(draw(4, 3, 'a')), sinkhorn(draw(4, 3, 'b'))],
      ];
      const zeros = scores.map((x) => tf.zerosLike(x));
      expect(swavLoss(zeros, codes).dataSync()[0]).toBeCloseTo(Math.log(3), 5);
      const pair = (a: number, v: number) => -tf.mean(tf.sum(tf.mul(codes[a]!, tf.logSoftmax(tf.div(scores[v]!, 0.1))), 1)).dataSync()[0]!;
      const expected = (pair(0, 1) + pair(0, 2) + pair(1, 0) + pair(1, 2)) / 4;
      expect(swavLoss(scores, codes).dataSync()[0]).toBeCloseTo(expected, 4);
      expect(swavLoss(scores, codes.slice(0, 1)).dataSync()[0]).toBeCloseTo((pair(0, 1) + pair(0, 2)) / 2, 4);
    });
  });
});

describe('prototypeEntropy', () => {
  it('is 1 for even use, 0 for a single prototype, between for two of four', () => {
    tf.tidy(() => {
      const of = (labels: number[]) => prototypeEntropy(tf.mul<tf.Tensor2D>(tf.oneHot(labels, 4), 9)).dataSync()[0];
      expect(of([0, 1, 2, 3])).toBeCloseTo(1, 5);
      expect(of([2, 2, 2])).toBeCloseTo(0, 5);
      expect(of([0, 3, 3, 0])).toBeCloseTo(0.5, 5);
      expect(prototypeEntropy(tf.zeros([3, 1])).dataSync()[0]).toBeCloseTo(0, 6);
    });
  });
});

describe('arguments', () => {
  const bad: [string, string, (x: tf.Tensor2D) => unknown][] = [
    ['SELFSUP_OPTION', 'sinkhorn: `epsilon` must be a finite number > 0, got 0', (x) => sinkhorn(x, { epsilon: 0 })],
    ['SELFSUP_OPTION', 'sinkhorn: `iterations` must be an integer >= 1, got 0', (x) => sinkhorn(x, { iterations: 0 })],
    ['SELFSUP_SHAPE', 'sinkhorn: `queue` must have shape [queueSize, 3], got [2, 4]', (x) => sinkhorn(x, { queue: tf.zeros([2, 4]) })],
    ['SELFSUP_SHAPE', 'sinkhorn: `scores` must have shape', () => sinkhorn(tf.zeros([3]) as unknown as tf.Tensor2D)],
    ['SELFSUP_DTYPE', 'sinkhorn: `scores` must be float32, got int32', () => sinkhorn(tf.zeros([2, 2], 'int32'))],
    ['SELFSUP_DTYPE', 'sinkhorn: `scores` must be float32, got int32', () => sinkhorn(tf.zeros<tf.Rank.R3>([2, 2, 2], 'int32'))],
    ['SELFSUP_SHAPE', 'sinkhorn: `scores` must have shape [n >= 1, length >= 1', () => sinkhorn(tf.zeros<tf.Rank.R3>([2, 0, 2]))],
    [
      'SELFSUP_OPTION',
      'sinkhorn: `queue` must be left out with scores of positions',
      (x) => sinkhorn(tf.zeros<tf.Rank.R3>([2, 2, 3]), { queue: x }),
    ],
    ['SELFSUP_OPTION', 'swavLoss: `temperature`', (x) => swavLoss([x, x], [x], { temperature: 0 })],
    ['SELFSUP_SHAPE', 'swavLoss: `scores` must hold at least 2 tensors, got 1', (x) => swavLoss([x], [x])],
    ['SELFSUP_SHAPE', 'swavLoss: `codes` must hold 1 to 2 tensors, got 3', (x) => swavLoss([x, x], [x, x, x])],
    ['SELFSUP_SHAPE', '`codes[0]` must have shape [2, 3] like `scores[0]`, got [2, 2]', (x) => swavLoss([x, x], [tf.zeros([2, 2])])],
    ['SELFSUP_OPTION', 'prototypeEntropy: `temperature`', (x) => prototypeEntropy(x, { temperature: -1 })],
  ];
  it.each(bad)('are checked: %s %s', (code, message, call) => {
    tf.tidy(() => {
      try {
        call(tf.zeros([2, 3]));
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).toContain(message);
        expect(isSelfsupError(error) && error.code).toBe(code);
      }
    });
  });
});
