import { expect, it } from 'vitest';
import { frozenSteps, rising } from './shared-options.ts';

it('a rising momentum lets go of the random start in short runs', () => {
  const atStart = (given: number | undefined, totalSteps: number) => rising(given, { usual: 0.99, totalSteps })(0);
  expect(atStart(undefined, 5000)).toBe(0.99);
  expect(atStart(undefined, 312)).toBeCloseTo(1 - 10 / 312, 12);
  expect(atStart(0.5, 312)).toBe(0.5);
  expect(rising(undefined, { usual: 0.99, totalSteps: 312 })(312)).toBe(1);
});

it('a last layer is frozen for an epoch, but not for more than a twentieth of a run', () => {
  const of = (given: number | undefined, epochs: number) => frozenSteps(given, { stepsPerEpoch: 80, totalSteps: 80 * epochs });
  expect([1, 4, 20, 100].map((epochs) => of(undefined, epochs))).toEqual([4, 16, 80, 80]);
  expect([of(0, 4), of(1, 4), of(2.5, 100)]).toEqual([0, 80, 200]);
});
