import { describe, expect, it } from 'vitest';
import { warmupConstant, warmupCosine, warmupLinear } from './warmup-schedules.ts';

const [peak, warmupSteps, totalSteps] = [0.12, 78, 390];

describe('warmupCosine', () => {
  it.each([0, 0.01])('rises by (step + 1)/W, then follows half a cosine that counts from there, to %d', (final) => {
    const rate = warmupCosine({ peak, totalSteps, warmupSteps, final });
    for (let step = 0; step < totalSteps; step++) {
      // adjust_learning_rate of MoCo v3 and MAE
      const part = (step - warmupSteps) / (totalSteps - warmupSteps);
      const expected =
        step < warmupSteps ? (peak * (step + 1)) / warmupSteps : final + (peak - final) * 0.5 * (1 + Math.cos(Math.PI * part));
      expect(rate(step)).toBeCloseTo(expected, 14);
    }
    expect(rate(totalSteps)).toBe(final);
    expect(rate(totalSteps + 100)).toBe(final);
  });

  it('does not jump where the warm-up ends', () => {
    const rate = warmupCosine({ peak, totalSteps, warmupSteps });
    expect([rate(warmupSteps - 1), rate(warmupSteps)]).toEqual([peak, peak]);
    const steps = Array.from({ length: totalSteps }, (_, step) => Math.abs(rate(step + 1) - rate(step)));
    expect(Math.max(...steps)).toBeLessThanOrEqual(peak / warmupSteps + 1e-15);
  });

  it('is the plain cosine without warm-up, and shortens the warm-up of a short run', () => {
    expect(warmupCosine({ peak: 1, totalSteps: 4, warmupSteps: 0 })(2)).toBeCloseTo(0.5, 15);
    const rate = warmupCosine({ peak: 1, totalSteps: 4, warmupSteps: 100 });
    expect([0, 1, 2].map(rate)).toEqual([0.5, 1, 1]);
    expect(rate(3)).toBeCloseTo(0.5, 15);
    expect(warmupCosine({ peak: 1, totalSteps: 1, warmupSteps: 2 })(0)).toBe(1);
  });
});

describe('warmupLinear', () => {
  it('is the schedule of google-research/bert, with a first rate that is not 0', () => {
    const rate = warmupLinear({ peak, totalSteps, warmupSteps });
    for (let step = 0; step < totalSteps; step++)
      expect(rate(step)).toBeCloseTo(peak * (step < warmupSteps ? (step + 1) / warmupSteps : 1 - step / totalSteps), 14);
    expect(rate(totalSteps)).toBe(0);
    expect(warmupLinear({ peak, totalSteps, warmupSteps: 0 })(0)).toBe(peak);
  });
});

describe('warmupConstant', () => {
  it('stays at the peak', () => {
    expect([0, 1, 2, 3, 4, 1e6].map(warmupConstant({ peak: 1, warmupSteps: 4 }))).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
    expect(warmupConstant({ peak: 2, warmupSteps: 0 })(0)).toBe(2);
  });
});

it('refuses options out of range', () => {
  expect(() => warmupCosine({ peak: -1, totalSteps, warmupSteps })).toThrow('warmupCosine: `peak` must be >= 0 and finite, got -1');
  expect(() => warmupCosine({ peak, totalSteps, warmupSteps, final: NaN })).toThrow('`final` must be >= 0 and finite, got NaN');
  expect(() => warmupLinear({ peak, totalSteps: 0, warmupSteps })).toThrow('warmupLinear: `totalSteps` must be an integer >= 1, got 0');
  expect(() => warmupConstant({ peak, warmupSteps: 1.5 })).toThrow('warmupConstant: `warmupSteps` must be an integer >= 0, got 1.5');
});
