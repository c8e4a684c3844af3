import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { corruptSpans, spanCount } from './corrupt-spans.ts';

const [startId, endId, specialIds] = [1, 2, [0, 1, 2]];
const sentinelIds = Array.from({ length: 30 }, (_, i) => 100 + i);
const row = (tokens: number) => [1, ...Array.from({ length: tokens }, (_, i) => 200 + i), 2];
const options = { sentinelIds, startId, endId, specialIds };
const one = (tokens: number, seed = 0, more: Partial<Parameters<typeof corruptSpans>[0]> = {}) => {
  const made = corruptSpans({ ...options, ...more })({ tokenIds: Int32Array.from(row(tokens)), length: tokens + 2 }, createRng(seed));
  return {
    input: [...made.tokenIds].filter((_, at) => made.attentionMask[at] === 1),
    answer: [...made.labels].filter((id) => id >= 0),
    decoder: [...made.decoderIds],
    made,
  };
};

describe('corruptSpans', () => {
  it.each([
    // round(0.15 n) tokens, halves to even, in round(noise / 3) spans, at least one
    [2, 1, 1],
    [7, 1, 1],
    [10, 2, 1],
    [100, 15, 5],
    [114, 17, 6],
    [126, 19, 6],
    [510, 76, 25],
    [512, 77, 26],
  ])('takes of %i tokens %i out, in %i spans, as T5', (tokens, noise, spans) => {
    expect(spanCount(tokens)).toBe(spans);
    const { input, answer } = one(tokens);
    const isSentinel = (id: number) => id >= 100 && id < 200;
    expect(input.filter(isSentinel)).toEqual(sentinelIds.slice(0, spans));
    expect(answer.filter(isSentinel)).toEqual(sentinelIds.slice(0, spans));
    expect(answer.filter((id) => id >= 200).length).toBe(noise);
    expect([input[0], input.at(-1), answer.at(-1)]).toEqual([1, 2, endId]);
  });

  it('says with the answer what stood in the place of each sentinel; the decoder reads it one place later', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { input, answer, decoder, made } = one(40, seed);
      const spans = new Map<number, number[]>();
      for (const id of answer.slice(0, -1)) {
        if (id < 200) spans.set(id, []);
        else [...spans.values()].at(-1)!.push(id);
      }
      expect(input.flatMap((id) => spans.get(id) ?? [id])).toEqual(row(40));
      expect(input[1]).toBe(200); // begins with what stays
      expect(input.at(-2)).toBeLessThan(200); // and ends with a span
      expect(decoder.slice(0, answer.length)).toEqual([startId, ...answer.slice(0, -1)]);
      expect([made.length % 8, made.targetLength % 8]).toEqual([0, 0]);
      expect([...made.labels.subarray(answer.length)].every((id) => id === -1)).toBe(true);
    }
    expect(one(40, 1).input).toEqual(one(40, 1).input);
    expect(one(40, 1).input).not.toEqual(one(40, 2).input);
  });

  it('has spans of that mean length, anywhere', () => {
    const firsts = Array.from({ length: 300 }, (_, seed) => one(20, seed).input.indexOf(100));
    expect([Math.min(...firsts), new Set(firsts).size]).toEqual([18, 1]); // one span: at the end, as T5 has it
    const lengths = Array.from({ length: 300 }, (_, seed) => one(40, seed).input.indexOf(100)); // two spans of six tokens
    expect(new Set(lengths).size).toBeGreaterThan(25);
    expect(one(40, 0, { noiseDensity: 0.5, meanSpanLength: 1 }).input.filter((id) => id >= 200).length).toBe(20);
  });

  it('leaves special tokens and filling alone, and short sequences as they are', () => {
    const tokenIds = Int32Array.from([1, 200, 201, 2, 202, 203, 2, 9, 1, 200, 2, 9, 9, 9, 9, 9]);
    const attentionMask = Int32Array.from(tokenIds, (id) => (id === 9 ? 0 : 1));
    const { tokenIds: ids, labels, length, targetLength, attentionMask: mask } = corruptSpans({ ...options, noiseDensity: 0.75 })({ tokenIds, attentionMask, length: 8 }, createRng(0)); // prettier-ignore
    expect([length, targetLength]).toEqual([8, 8]);
    expect([...ids.subarray(0, 8)].filter((_, at) => mask[at] === 1)).toEqual([1, 200, 100, 2, 2]); // three tokens, one span across the separator
    expect([...labels.subarray(0, 8)]).toEqual([100, 201, 202, 203, 2, -1, -1, -1]);
    expect([...ids.subarray(8)].filter((_, at) => mask[8 + at] === 1)).toEqual([1, 200, 2]);
    expect([...labels.subarray(8)].every((id) => id === -1)).toBe(true);
  });

  it('says what is wrong', () => {
    expect(() => corruptSpans({ ...options, noiseDensity: 1 })).toThrow('corruptSpans: `noiseDensity` must be in (0, 1), got 1');
    expect(() => corruptSpans({ ...options, meanSpanLength: 0.5 })).toThrow('`meanSpanLength` must be finite and >= 1, got 0.5');
    expect(() => corruptSpans({ ...options, sentinelIds: [5, 5] })).toThrow('`sentinelIds` must be different ids, got [5, 5]');
    expect(() => one(100, 0, { sentinelIds: [100, 101] })).toThrow(
      'corruptSpans: `sentinelIds` must be at least 5 ids for 100 tokens in a sequence, got 2',
    );
  });
});
