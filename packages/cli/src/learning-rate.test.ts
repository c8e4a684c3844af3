import { describe, expect, it } from 'vitest';
import { warmupCosine } from './learning-rate.ts';

describe('warmupCosine', () => {
  it('rises by (step + 1)/W and then follows a cosine over the whole run', () => {
    const [peak, stepsPerEpoch, epochs] = [0.12, 39, 10];
    const total = stepsPerEpoch * epochs;
    const rate = warmupCosine({ peak, totalSteps: total, warmupSteps: 2 * stepsPerEpoch });
    for (let step = 0; step < total; step++) {
      const warm = Math.min(1, (step + 1) / (2 * stepsPerEpoch));
      const expected = peak * (step < 2 * stepsPerEpoch ? warm : 0.5 * (1 + Math.cos((Math.PI * step) / total)));
      expect(rate(step)).toBeCloseTo(expected, 12);
    }
  });

  it('shortens the warm-up of a short run', () => {
    const rate = warmupCosine({ peak: 1, totalSteps: 4, warmupSteps: 100 });
    expect([0, 1].map(rate)).toEqual([0.5, 1]);
    expect(rate(2)).toBeCloseTo(0.5, 12);
    expect(warmupCosine({ peak: 1, totalSteps: 1, warmupSteps: 2 })(0)).toBe(1);
  });
});
