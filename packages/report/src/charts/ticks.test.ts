import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseTicks, labelTicks } from './ticks.ts';

it.each([
  [0, 0.00015, ['0', '5e-5', '1e-4', '1.5e-4']],
  [0, 100, ['0', '50', '100']],
  [28.5, 48.6, ['20', '30', '40', '50']],
  [-3.9, 0, ['-4', '-3', '-2', '-1', '0']],
  [0.01, 0.019, ['0.010', '0.015', '0.020']],
  [0, 41_000, ['0', '20k', '40k', '60k']],
  [2.1e6, 2.35e6, ['2.1M', '2.2M', '2.3M', '2.4M']],
  [0, 4e12, ['0', '1e12', '2e12', '3e12', '4e12']],
])('labels %f to %f', (from, to, labels) => {
  expect(labelTicks(chooseTicks(from, to, { count: 4 }))).toEqual(labels);
});

it('writes the unit after each number', () => {
  expect(labelTicks({ values: [0, 0.5], step: 0.5 }, '%')).toEqual(['0\u00a0%', '0.5\u00a0%']);
});

it('finds room around a single number', () => {
  expect(chooseTicks(0.1, 0.1, { count: 4 }).values).toEqual([0.09, 0.095, 0.1, 0.105, 0.11]);
  expect(chooseTicks(0, 0, { count: 4 }).values).toEqual([-0.5, 0, 0.5]);
});

it('encloses the interval with labels that differ, or stays inside of it', () => {
  const number = fc.double({ min: -1e7, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.boolean(), (a, b, inside) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      fc.pre(to - from > 1e-6 * Math.max(1, Math.abs(from), Math.abs(to)));
      const ticks = chooseTicks(from, to, { count: 4, inside });
      const { values, step } = ticks;
      const dust = 1e-6 * step;
      expect(values.length).toBeLessThanOrEqual(7);
      expect(inside ? values.every((value) => value >= from - dust && value <= to + dust) : values[0]! <= from + dust && values.at(-1)! >= to - dust).toBe(true); // prettier-ignore
      expect(new Set(labelTicks(ticks)).size).toBe(values.length);
    }),
  );
});
