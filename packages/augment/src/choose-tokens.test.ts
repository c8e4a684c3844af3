import { createRng, drawUniform } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { chooseSpans, findRuns, spanLengths } from './choose-tokens.ts';

describe('spanLengths', () => {
  it("are SpanBERT's: geometric with p 0.2, at most 10, 3.8 tokens on average", () => {
    const draws = 1_000_000;
    const lengths = spanLengths(drawUniform(createRng(0), draws), { spanProbability: 0.2, maxSpan: 10 });
    const counts = new Int32Array(12);
    for (const length of lengths) counts[length]!++;
    const mass = 1 - 0.8 ** 10;
    let mean = 0;
    for (let k = 1; k <= 10; k++) {
      const probability = (0.2 * 0.8 ** (k - 1)) / mass;
      mean += k * probability;
      expect(Math.abs(counts[k]! - draws * probability), `length ${k}`).toBeLessThan(
        4 * Math.sqrt(draws * probability * (1 - probability)),
      );
    }
    expect([counts[0], counts[11]]).toEqual([0, 0]);
    expect(mean).toBeCloseTo(3.797, 3);
    expect(Math.abs(lengths.reduce((sum, k) => sum + k, 0) / draws - mean)).toBeLessThan(4 * (2.65 / Math.sqrt(draws)));
  });

  it('are 1 where every trial succeeds, and at most maxSpan', () => {
    const draws = Float32Array.of(0, 0.51, 1 - 2 ** -24);
    expect([...spanLengths(draws, { spanProbability: 1, maxSpan: 10 })]).toEqual([1, 1, 1]);
    expect([...spanLengths(draws, { spanProbability: 1e-3, maxSpan: 2 })]).toEqual([1, 2, 2]);
  });
});

describe('chooseSpans', () => {
  const whole = (length: number) => findRuns(length, { maskable: () => true, continuation: () => false });

  it('has the mean length of the distribution where there is room', () => {
    // one span at a time in a long sequence: the budget never ends it, the sequence's end rarely
    const starts = 4000;
    const runs = whole(10_000);
    let total = 0;
    for (let i = 0; i < starts; i++) {
      const [first] = chooseSpans(runs.slice(0, 200), { budget: 10, spanProbability: 0.2, maxSpan: 10 }, createRng(i));
      total += first!.end - first!.start;
    }
    // an end within the last ten of 200 places shortens it by less than 2 %
    expect(Math.abs(total / starts / 3.797 - 1)).toBeLessThan(0.02 + (4 * 2.65) / 3.797 / Math.sqrt(starts));
  });

  it('never overlaps, never crosses a gap, never exceeds the budget', () => {
    const runs = findRuns(60, { maskable: (at) => at % 7 !== 0, continuation: () => false });
    for (let seed = 0; seed < 50; seed++) {
      const spans = chooseSpans(runs, { budget: 30, spanProbability: 0.2, maxSpan: 10 }, createRng(seed));
      const tokens = spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
      expect(new Set(tokens).size).toBe(30);
      expect(tokens.length).toBe(30);
      expect(tokens.some((at) => at % 7 === 0)).toBe(false);
    }
  });
});
