import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSequences } from './plan-sequences.ts';

const storeOf = (sizes: readonly number[], separated: boolean) => {
  let end = 0;
  const documentEnds = Float64Array.from(sizes, (size) => (end += size + (separated ? 1 : 0)));
  return { documentEnds, numTokens: end, separated };
};
const cases = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 12 }),
  separated: fc.boolean(),
  room: fc.integer({ min: 1, max: 9 }),
});

describe('planSequences', () => {
  it('covers every token of every document once, and crosses no end', () => {
    fc.assert(
      fc.property(cases, ({ sizes, separated, room }) => {
        const { starts, lengths } = planSequences(storeOf(sizes, separated), { room, acrossDocuments: false });
        let n = 0;
        let from = 0;
        for (const size of sizes) {
          for (let at = from; at < from + size; at += lengths[n++]!) {
            expect(starts[n]).toBe(at);
            expect(lengths[n]).toBe(Math.min(room, from + size - at));
          }
          from += size + (separated ? 1 : 0);
        }
        expect([starts.length, lengths.length]).toEqual([n, n]);
      }),
    );
  });

  it('fills every sequence but the last across documents', () => {
    fc.assert(
      fc.property(cases, ({ sizes, separated, room }) => {
        const store = storeOf(sizes, separated);
        const { starts, lengths } = planSequences(store, { room, acrossDocuments: true });
        for (let i = 1; i < starts.length; i++) {
          expect(lengths[i - 1]).toBe(room);
          expect(starts[i]).toBe(starts[i - 1]! + room);
        }
        const covered = lengths.reduce((sum, length) => sum + length, 0);
        expect(covered).toBe(Math.max(0, store.numTokens - (separated ? 1 : 0)));
      }),
    );
  });
});
