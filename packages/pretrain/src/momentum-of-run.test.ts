import { expect, it } from 'vitest';
import { followingOf } from './data2vec-options.ts';
import { momentumOfRun } from './momentum-of-run.ts';

it('keeps the momentum of a paper in long runs, and lets go of the random start in short ones', () => {
  expect([1, 5, 100, 2499, 2501, 1e6].map((steps) => momentumOfRun(0.996, steps))).toEqual([0, 0, 0.9, 1 - 10 / 2499, 0.996, 0.996]);
  for (const steps of [50, 400, 2000]) {
    // what is left of the weights at the start, with a line from there to 1
    const from = momentumOfRun(0.996, steps);
    const left = Array.from({ length: steps }, (_, step) => from + ((1 - from) * step) / steps).reduce((a, b) => a * b);
    expect(left).toBeLessThan(0.01);
  }
});

it('data2vec changes its momentum in a line to a tenth of its distance from 1', () => {
  const ends = (options: Parameters<typeof followingOf>[0], steps: number) => [0, steps].map((step) => followingOf(options, steps)(step));
  expect(ends({}, 1e6)).toEqual([0.999, expect.closeTo(0.9999, 10)]);
  expect(ends({}, 1000)).toEqual([0.99, expect.closeTo(0.999, 10)]);
  expect(ends({ momentum: 0.9, finalMomentum: 0.95 }, 1000)).toEqual([0.9, expect.closeTo(0.95, 10)]);
});
