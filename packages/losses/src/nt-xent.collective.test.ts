import { createRng, drawNormal, type Collective } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ntXent, type NtXentOptions } from './nt-xent.ts';

type Rows = number[][];
const draw = (tag: string, n: number, dim: number): Rows => {
  const values = drawNormal(createRng(3).fold(tag), n * dim);
  return Array.from({ length: n }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]);
};

function evaluate(views: Rows[], options: NtXentOptions = {}): { value: number; gradients: Rows[] } {
  return tf.tidy(() => {
    const run = (...tensors: tf.Tensor[]) => ntXent(tensors as tf.Tensor2D[], options);
    const { value, grads } = tf.valueAndGrads(run)(views.map((view) => tf.tensor2d(view)));
    return { value: value.dataSync()[0]!, gradients: grads.map((grad) => grad.arraySync() as Rows) };
  });
}

function expectClose(actual: Rows, expected: Rows, tolerance: number): void {
  const scale = Math.max(...expected.flat().map(Math.abs));
  actual.flat().forEach((x, i) => {
    expect(Math.abs(x - expected.flat()[i]!)).toBeLessThan(tolerance * scale);
  });
}

describe('ntXent: several ranks', () => {
  type Rank = Pick<Collective, 'rank' | 'worldSize' | 'allGather'>;
  /** Two ranks in one process: each call of allGather is first recorded on the other rank, in whose graph it stays. */
  function onTwoRanks(loss: (rank: number, collective: Rank) => tf.Scalar): tf.Scalar[] {
    const sent = [0, 1].map((rank) => {
      const rows: tf.Tensor[] = [];
      const recorder: Rank = {
        rank,
        worldSize: 2,
        allGather: (x) => {
          rows.push(tf.keep(tf.clone(x)));
          return tf.concat<typeof x>([x, x], 0);
        },
      };
      loss(rank, recorder);
      return rows;
    });
    const losses = [0, 1].map((rank) => {
      let call = 0;
      const allGather = <T extends tf.Tensor>(x: T) => {
        const other = sent[1 - rank]![call++]!;
        return tf.concat<tf.Tensor>(rank === 0 ? [x, other] : [other, x], 0) as T;
      };
      return loss(rank, { rank, worldSize: 2, allGather });
    });
    tf.dispose(sent);
    return losses;
  }

  it.each([2, 3])('two ranks have the mean loss and gradient of one process with the joined batch, %d views', (numViews) => {
    const n = 4;
    const views = Array.from({ length: numViews }, (_, v) => draw(`rank${v}`, 2 * n, 6));
    const whole = evaluate(views, { temperature: 0.1 });
    const halves = (tensors: tf.Tensor2D[], rank: number) => tensors.map((x) => tf.slice2d(x, [rank * n, 0], [n, 6]));
    tf.tidy(() => {
      const joined = (...tensors: tf.Tensor[]) => {
        const losses = onTwoRanks((rank, collective) => ntXent(halves(tensors as tf.Tensor2D[], rank), { temperature: 0.1, collective }));
        expect(losses[0]!.dataSync()[0]).not.toBeCloseTo(losses[1]!.dataSync()[0]!, 3);
        return tf.mean<tf.Scalar>(tf.stack(losses)); // the trainer averages over the ranks
      };
      const { value, grads } = tf.valueAndGrads(joined)(views.map((view) => tf.tensor2d(view)));
      expect(Math.abs(value.dataSync()[0]! / whole.value - 1)).toBeLessThan(1e-6);
      grads.forEach((grad, v) => {
        expectClose(grad.arraySync() as Rows, whole.gradients[v]!, 1e-5);
      });
    });
  });

  it('moves the labels only when rows are gathered', () => {
    const views = ['a', 'b'].map((tag) => draw(tag, 5, 4));
    const alone: Rank = { rank: 1, worldSize: 1, allGather: (x) => x };
    expect(evaluate(views, { collective: alone }).value).toBe(evaluate(views).value);
  });

  it('refuses ranks with other batch sizes', () => {
    const collective: Rank = { rank: 0, worldSize: 2, allGather: (x) => tf.concat<typeof x>([x, tf.slice(x, 0, 1)], 0) };
    const views = ['a', 'b'].map((tag) => tf.tensor2d(draw(tag, 5, 4)));
    expect(() => ntXent(views, { collective })).toThrow(
      'ntXent: gathering [10, 4] from 2 ranks must give [20, 4], got [11, 4]; use the same batch size on every rank',
    );
    tf.dispose(views);
  });
});
