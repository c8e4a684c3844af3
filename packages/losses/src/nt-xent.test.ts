import { createRng, drawNormal, drawPermutation, isSelfsupError, l2Normalize } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ntXent, type NtXentOptions } from './nt-xent.ts';

type Rows = number[][];
const draw = (tag: string, n: number, dim: number): Rows => {
  const values = drawNormal(createRng(3).fold(tag), n * dim);
  return Array.from({ length: n }, (_, i) => [...values.subarray(i * dim, (i + 1) * dim)]);
};

/** The definition in float64, row by row. */
function reference(views: Rows[], { temperature = 0.5, positives = 'average' }: NtXentOptions): number {
  const rows = views.flatMap((view, v) => view.map((row, image) => ({ v, image, unit: row.map((x) => x / Math.hypot(...row)) })));
  const losses = rows.map((anchor) => {
    const others = rows.filter((row) => row !== anchor);
    const logits = others.map((row) => row.unit.reduce((sum, x, d) => sum + x * anchor.unit[d]!, 0) / temperature);
    const top = Math.max(...logits);
    const all = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - top), 0));
    const logProbabilities = logits.map((x) => x - top - all).filter((_, i) => others[i]!.image === anchor.image);
    return positives === 'average'
      ? -logProbabilities.reduce((sum, x) => sum + x, 0) / logProbabilities.length
      : -Math.log(logProbabilities.reduce((sum, x) => sum + Math.exp(x), 0));
  });
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}

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

describe('ntXent: closed forms', () => {
  it.each([0.1, 0.5, 1])('is log(e^(1/t) + 2(n - 1)) - 1/t for equal views of orthonormal rows, t = %d', (temperature) => {
    const eye = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 3 : 0))); // rows of length 3: normalized inside
    expect(evaluate([eye, eye], { temperature }).value).toBeCloseTo(Math.log(Math.exp(1 / temperature) + 6) - 1 / temperature, 5);
  });

  it('is log(views · n - 1) when all rows are one, without a gradient', () => {
    const rows = Array.from({ length: 5 }, () => [1, 2, 3]);
    for (const views of [2, 3]) {
      const { value, gradients } = evaluate(
        Array.from({ length: views }, () => rows),
        { temperature: 0.01 },
      );
      expect(value).toBeCloseTo(Math.log(views * 5 - 1), 5);
      expect(Math.max(...gradients.flat(2).map(Math.abs))).toBeLessThan(1e-4);
    }
  });

  it('is 0 for one image in two views, which has no negatives', () => {
    expect(evaluate([[[1, 0]], [[0, 1]]]).value).toBe(0);
  });

  it("is views.length times as large in Google's convention", () => {
    const views = ['a', 'b', 'c'].map((tag) => draw(tag, 6, 4));
    const [mean, sum] = [evaluate(views), evaluate(views, { convention: 'sum-of-views' })];
    expect(sum.value / mean.value).toBeCloseTo(3, 5);
    expect(sum.gradients[0]![0]![0]! / mean.gradients[0]![0]![0]!).toBeCloseTo(3, 4);
  });

  it('has one value for two views, wherever the positives are summed', () => {
    const views = ['a', 'b'].map((tag) => draw(tag, 6, 4));
    expect(evaluate(views, { positives: 'sum-in-log' }).value).toBeCloseTo(evaluate(views).value, 6);
  });
});

describe('ntXent: symmetries', () => {
  const views = ['a', 'b', 'c'].map((tag) => draw(tag, 7, 5));
  const base = evaluate(views, { temperature: 0.2 });

  it('does not depend on the order of the images, and its gradient follows them', () => {
    const order = [...drawPermutation(createRng(5), 7)];
    const permuted = evaluate(
      views.map((view) => order.map((i) => view[i]!)),
      { temperature: 0.2 },
    );
    expect(permuted.value).toBeCloseTo(base.value, 5);
    permuted.gradients.forEach((gradient, v) => {
      expectClose(
        gradient,
        order.map((i) => base.gradients[v]![i]!),
        1e-5,
      );
    });
  });

  it('does not depend on the order of the views', () => {
    const swapped = evaluate([views[2]!, views[0]!, views[1]!], { temperature: 0.2 });
    expect(swapped.value).toBeCloseTo(base.value, 5);
    expectClose(swapped.gradients[0]!, base.gradients[2]!, 1e-5);
  });

  it("does not depend on the rows' lengths, and its gradient is orthogonal to them", () => {
    const longer = evaluate(
      views.map((view) => view.map((row, i) => row.map((x) => x * (i + 1)))),
      { temperature: 0.2 },
    );
    expect(longer.value).toBeCloseTo(base.value, 5);
    base.gradients.forEach((gradient, v) => {
      gradient.forEach((row, i) => {
        expect(Math.abs(row.reduce((sum, x, d) => sum + x * views[v]![i]![d]!, 0))).toBeLessThan(1e-6);
      });
    });
  });

  it('takes rows as they are with `normalized`', () => {
    const unit = views.map((view) => view.map((row) => row.map((x) => x / Math.hypot(...row))));
    expect(evaluate(unit, { temperature: 0.2, normalized: true }).value).toBeCloseTo(base.value, 5);
    expect(evaluate(views, { temperature: 0.2, normalized: true }).value).not.toBeCloseTo(base.value, 2);
  });
});

describe('ntXent: against the definition in float64', () => {
  it.each([
    [2, 0.5, 'average'],
    [2, 0.05, 'average'],
    [2, 0.01, 'average'],
    [3, 0.2, 'average'],
    [3, 0.2, 'sum-in-log'],
    [4, 0.01, 'sum-in-log'],
  ] as const)('%d views, temperature %d, %s: value, and gradient by central differences', (numViews, temperature, positives) => {
    const views = Array.from({ length: numViews }, (_, v) => draw(`fd${v}`, 5, 4));
    const options = { temperature, positives };
    const { value, gradients } = evaluate(views, options);
    expect(Math.abs(value / reference(views, options) - 1)).toBeLessThan(1e-5);
    const step = 1e-5 * Math.min(1, temperature);
    const numeric = views.map((view) =>
      view.map((row) =>
        row.map((x, d) => {
          const at = (moved: number) => {
            row[d] = moved;
            const result = reference(views, options);
            row[d] = x;
            return result;
          };
          return (at(x + step) - at(x - step)) / (2 * step);
        }),
      ),
    );
    expectClose(gradients.flat(), numeric.flat(), 5e-5);
  });

  it('stays finite at temperature 0.01 for duplicates, opposites, zero rows and very long rows', () => {
    const a = [[1, 0], [1, 0], [-1, 0], [0, 0], [1e30, 1e30], [1e-30, 0]]; // prettier-ignore
    const b = [[-1, 0], [1, 1e-6], [-1, 0], [1, 0], [0, 0], [0, -1e-30]]; // prettier-ignore
    const { value, gradients } = evaluate([a, b], { temperature: 0.01 });
    expect(Number.isFinite(value)).toBe(true);
    expect(gradients.flat(2).every(Number.isFinite)).toBe(true);
    const long = [draw('a', 4, 3).map((row) => row.map((x) => 30 * x)), draw('b', 4, 3).map((row) => row.map((x) => 30 * x))];
    const raw = evaluate(long, { temperature: 0.01, normalized: true });
    expect(Number.isFinite(raw.value) && raw.gradients.flat(2).every(Number.isFinite)).toBe(true);
  });

  it('counts negatives that are far away from an anchor which equals itself', () => {
    // only opposite rows besides the anchor: subtracting the self-similarity from the exponents would leave nothing in float32
    const { value } = evaluate([[[1, 0], [-1, 1e-3]], [[-1, 0], [1, 1e-3]]], { temperature: 0.01 }); // prettier-ignore
    const expected = reference([[[1, 0], [-1, 1e-3]], [[-1, 0], [1, 1e-3]]], { temperature: 0.01 }); // prettier-ignore
    expect(expected).toBeGreaterThan(100);
    expect(Math.abs(value / expected - 1)).toBeLessThan(1e-5);
  });
});

describe('ntXent: arguments and memory', () => {
  const matrix = (n: number, dim: number) => tf.zeros<tf.Rank.R2>([n, dim]);
  it.each<[string, string, () => tf.Scalar]>([
    ['SELFSUP_SHAPE', '`views` must hold at least 2 tensors, got 1', () => ntXent([matrix(8, 128)])],
    ['SELFSUP_SHAPE', '`views[1]` must have shape [8, 128] like `views[0]`, got [8, 64]', () => ntXent([matrix(8, 128), matrix(8, 64)])],
    [
      'SELFSUP_SHAPE',
      '`views[1]` must have shape [n >= 1, dim >= 1], got [8]',
      () => ntXent([matrix(8, 1), tf.zeros<tf.Rank.R1>([8]) as unknown as tf.Tensor2D]),
    ],
    ['SELFSUP_SHAPE', '`views[0]` must have shape [n >= 1, dim >= 1], got [0, 4]', () => ntXent([matrix(0, 4), matrix(0, 4)])],
    ['SELFSUP_DTYPE', '`views[1]` must be float32, got int32', () => ntXent([matrix(2, 2), tf.zeros([2, 2], 'int32')])],
    ['SELFSUP_OPTION', '`temperature` must be a finite number > 0, got 0', () => ntXent([matrix(2, 2), matrix(2, 2)], { temperature: 0 })],
    [
      'SELFSUP_OPTION',
      '`temperature` must be a finite number > 0, got NaN',
      () => ntXent([matrix(2, 2), matrix(2, 2)], { temperature: NaN }),
    ],
    [
      'SELFSUP_OPTION',
      "`convention` must be 'mean' or 'sum-of-views', got 'sum'",
      () => ntXent([matrix(2, 2), matrix(2, 2)], { convention: 'sum' as 'mean' }),
    ],
    [
      'SELFSUP_OPTION',
      "`positives` must be 'average' or 'sum-in-log', got 'all'",
      () => ntXent([matrix(2, 2), matrix(2, 2)], { positives: 'all' as 'average' }),
    ],
  ])('%s: %s', (code, message, call) => {
    tf.tidy(() => {
      try {
        call();
        expect.unreachable();
      } catch (error) {
        expect(isSelfsupError(error) && error.code).toBe(code);
        expect((error as Error).message).toBe(`ntXent: ${message}`);
      }
    });
  });

  it('leaves nothing but its result behind, outside of a tidy scope', () => {
    const views = ['a', 'b'].map((tag) => tf.tensor2d(draw(tag, 5, 4)));
    const before = tf.memory().numTensors;
    const loss = ntXent(views);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(loss.shape).toEqual([]);
    tf.dispose([loss, views]);
  });

  it('passes its gradient through whatever made the rows', () => {
    tf.tidy(() => {
      const weights = tf.tensor2d(draw('w', 4, 3));
      const x = ['a', 'b'].map((tag) => tf.tensor2d(draw(tag, 5, 4)));
      const gradient = tf.grad((w) => ntXent(x.map((rows) => l2Normalize(tf.matMul<tf.Tensor2D>(rows, w)))))(weights);
      expect(tf.sum(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0.01);
    });
  });
});
