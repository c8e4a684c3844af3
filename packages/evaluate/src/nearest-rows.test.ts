import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createNearestRows } from './nearest-rows.ts';

it('selects what a stable sort would, ties and all', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 60 }), fc.nat(), (values, seed) => {
      const size = 1 + (seed % values.length);
      const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);
      const nearest = createNearestRows(size);
      expect([...nearest.select(Float32Array.from(values))]).toEqual(order.slice(0, size));
      expect([...nearest.select(Float32Array.from(values))]).toEqual(order.slice(0, size)); // no state is left
    }),
    { numRuns: 500 },
  );
});
