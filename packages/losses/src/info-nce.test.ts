import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { infoNce, type InfoNceOptions } from './info-nce.ts';

type Rows = number[][];
const draw = (tag: string, n: number, dim: number): Rows => {
  const values = drawNormal(createRng(4).fold(tag), n * dim);
  return Array.from({ length: n }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]);
};

/** The definition in float64. */
function reference(query: Rows, key: Rows, temperature: number, queue?: Rows): number {
  const unit = (rows: Rows) => rows.map((row) => row.map((x) => x / Math.hypot(...row)));
  const [q, k, negatives] = [unit(query), unit(key), queue && unit(queue)];
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, d) => sum + x * b[d]!, 0) / temperature;
  const losses = q.map((row, i) => {
    const logits = [dot(row, k[i]!), ...(negatives ?? k.filter((_, j) => j !== i)).map((other) => dot(row, other))];
    const top = Math.max(...logits);
    return top - logits[0]! + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - top), 0));
  });
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}

function evaluate(query: Rows, key: Rows, options: InfoNceOptions = {}): { value: number; gradients: [Rows, Rows] } {
  return tf.tidy(() => {
    const run = (q: tf.Tensor, k: tf.Tensor) => infoNce(q as tf.Tensor2D, k as tf.Tensor2D, options);
    const { value, grads } = tf.valueAndGrads(run)([tf.tensor2d(query), tf.tensor2d(key)]);
    return { value: value.dataSync()[0]!, gradients: grads.map((grad) => grad.arraySync() as Rows) as [Rows, Rows] };
  });
}

describe('infoNce', () => {
  const eye = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 2 : 0)));

  it('has the closed form of orthonormal rows, in-batch and with a queue', () => {
    expect(evaluate(eye, eye, { temperature: 0.5 }).value).toBeCloseTo(Math.log(Math.exp(2) + 3) - 2, 6);
    const queue = tf.tensor2d(eye.map((row) => row.map((x) => -x))); // one opposite, three orthogonal
    expect(evaluate(eye, eye, { temperature: 0.5, queue }).value).toBeCloseTo(Math.log(Math.exp(2) + Math.exp(-2) + 3) - 2, 6);
    queue.dispose();
  });

  it('is log n for equal rows and log(1 + queueSize) for a queue of the same', () => {
    const rows = Array.from({ length: 6 }, () => [1, 2]);
    expect(evaluate(rows, rows).value).toBeCloseTo(Math.log(6), 5);
    const queue = tf.tensor2d([...rows, ...rows]);
    expect(evaluate(rows, rows, { queue }).value).toBeCloseTo(Math.log(13), 5);
    queue.dispose();
  });

  it('uses temperature 0.07 by default', () => {
    expect(evaluate(draw('q', 5, 4), draw('k', 5, 4)).value).toBeCloseTo(reference(draw('q', 5, 4), draw('k', 5, 4), 0.07), 4);
  });

  it.each([
    [0.5, false],
    [0.07, false],
    [0.01, false],
    [0.2, true],
    [0.07, true],
    [0.01, true],
  ])(
    'agrees with the definition in float64, temperature %d, queue %s: value, and gradient by central differences',
    (temperature, hasQueue) => {
      const rows = [draw('query', 6, 5), draw('key', 6, 5)] as const;
      const negatives = hasQueue ? draw('queue', 9, 5) : undefined;
      const queue = negatives && tf.tensor2d(negatives);
      const { value, gradients } = evaluate(...rows, { temperature, ...(queue && { queue }) });
      queue?.dispose();
      expect(Math.abs(value / reference(...rows, temperature, negatives) - 1)).toBeLessThan(1e-5);
      const step = 1e-5 * temperature;
      rows.forEach((side, s) => {
        const numeric = side.map((row) =>
          row.map((x, d) => {
            const at = (moved: number) => {
              row[d] = moved;
              const result = reference(...rows, temperature, negatives);
              row[d] = x;
              return result;
            };
            return (at(x + step) - at(x - step)) / (2 * step);
          }),
        );
        const scale = Math.max(...numeric.flat().map(Math.abs));
        gradients[s]!.flat().forEach((x, i) => {
          expect(Math.abs(x - numeric.flat()[i]!)).toBeLessThan(1e-4 * scale);
        });
      });
    },
  );

  it('is small but not wrong when every query has found its key', () => {
    const queue = tf.tensor2d([[-1, 0, 0, 0]]);
    // log(1 + e^-10)
    const found = evaluate([[1, 0, 0, 0]], [[1, 0, 0, 0]], { temperature: 0.2, queue });
    expect(Math.abs(found.value / Math.log1p(Math.exp(-10)) - 1)).toBeLessThan(1e-2);
    queue.dispose();
  });

  it('lets no gradient into the queue', () => {
    tf.tidy(() => {
      const [query, key] = [tf.tensor2d(draw('q', 5, 4)), tf.tensor2d(draw('k', 5, 4))];
      const queue = tf.variable(tf.tensor2d(draw('n', 7, 4)));
      const scale = tf.variable(tf.scalar(1));
      const { grads } = tf.variableGrads(() => infoNce(tf.add(query, scale), key, { queue }), [scale, queue]);
      expect(grads[queue.name] ?? null).toBeNull();
      expect(Math.abs(grads[scale.name]!.dataSync()[0]!)).toBeGreaterThan(0);
      tf.dispose([queue, scale]);
    });
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      const matrix = (n: number, dim: number) => tf.zeros<tf.Rank.R2>([n, dim]);
      const failures: [string, string, () => tf.Scalar][] = [
        ['SELFSUP_SHAPE', '`key` must have shape [8, 16] like `query`, got [4, 16]', () => infoNce(matrix(8, 16), matrix(4, 16))],
        ['SELFSUP_DTYPE', '`key` must be float32, got int32', () => infoNce(matrix(2, 2), tf.zeros([2, 2], 'int32'))],
        [
          'SELFSUP_SHAPE',
          '`queue` must have shape [queueSize, 16], got [32, 8]',
          () => infoNce(matrix(8, 16), matrix(8, 16), { queue: matrix(32, 8) }),
        ],
        [
          'SELFSUP_OPTION',
          '`temperature` must be a finite number > 0, got -1',
          () => infoNce(matrix(2, 2), matrix(2, 2), { temperature: -1 }),
        ],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe(code);
          expect((error as Error).message).toBe(`infoNce: ${message}`);
        }
    });
  });

  it('leaves nothing but its result behind, outside of a tidy scope', () => {
    const tensors = ['q', 'k', 'n'].map((tag) => tf.tensor2d(draw(tag, 5, 4))) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const before = tf.memory().numTensors;
    const results = [infoNce(tensors[0], tensors[1]), infoNce(tensors[0], tensors[1], { queue: tensors[2] })];
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([results, tensors]);
  });
});
