import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskTokens, type MaskTokensOptions } from './mask-tokens.ts';
import type { MaskedTokens } from './token-masking.ts';

const vocabularySize = 1000;
const [padding, unknown, begin, end, mask] = [0, 1, 2, 3, 4];
const base = { vocabularySize, maskId: mask, paddingId: padding, specialIds: [unknown, begin, end] };
const ordinary = vocabularySize - 5;
/** Ids from 600 on continue a word. */
const isContinuation = (id: number) => id >= 600;
const isSpecial = (id: number) => id <= mask;

/** Sequences [begin] … [end] padding with ordinary ids inside, lengths from `shortest` to all of it. */
function rowsOf(count: number, length: number, shortest = length): Int32Array {
  const draws = drawUniform(createRng(7), count * (length + 1));
  return Int32Array.from({ length: count * length }, (_, i) => {
    const [row, at] = [Math.floor(i / length), i % length];
    const size = shortest + Math.floor(draws[count * length + row]! * (length - shortest + 1));
    if (at >= size) return padding;
    return at === 0 ? begin : at === size - 1 ? end : 5 + Math.floor(draws[i]! * ordinary);
  });
}
const [count, length] = [7840, 128]; // a million tokens
const million = rowsOf(count, length, 64);
const maskMillion = (options: Partial<MaskTokensOptions>) =>
  maskTokens({ ...base, ...options })({ tokenIds: million, length }, createRng(3));
const maskable = million.reduce((sum, id) => sum + (isSpecial(id) ? 0 : 1), 0);

/** Refuses a count that is more than four standard deviations away from its expectation. */
function expectCount(actual: number, trials: number, probability: number): void {
  expect(Math.abs(actual - trials * probability)).toBeLessThan(4 * Math.sqrt(trials * probability * (1 - probability)));
}
function kindsOf(masked: MaskedTokens) {
  const kinds = { masked: 0, kept: 0, random: 0 };
  masked.positions.forEach((at, i) => {
    const id = masked.tokenIds[at]!;
    kinds[id === mask ? 'masked' : id === masked.labels[i] ? 'kept' : 'random']++;
  });
  return kinds;
}
function expectSound(before: Int32Array, { tokenIds, positions, labels, weights }: MaskedTokens): void {
  const chosen = new Set(positions);
  expect(chosen.size).toBe(positions.length);
  expect(positions.every((at, i) => i === 0 || at > positions[i - 1]!)).toBe(true);
  expect(tokenIds.length).toBe(before.length);
  expect(before.every((id, at) => chosen.has(at) || tokenIds[at] === id)).toBe(true);
  expect([...labels]).toEqual([...positions].map((at) => before[at]));
  expect(positions.some((at) => isSpecial(before[at]!))).toBe(false);
  expect(positions.every((at) => tokenIds[at] === mask || !isSpecial(tokenIds[at]!))).toBe(true);
  expect(weights.length).toBe(positions.length);
  expect(weights.every((weight) => weight === 1)).toBe(true);
}

describe('over a million tokens', () => {
  it.each(['counted', 'bernoulli'] as const)(
    '%s: 80 % masks, 10 % random ordinary tokens, 10 % kept; nothing special is touched',
    (rule) => {
      const masked = maskMillion({ rule });
      expectSound(million, masked);
      const { positions, tokenIds, labels } = masked;
      const kinds = kindsOf(masked);
      const same = 0.1 / ordinary; // a random token that is the one that stood there
      expectCount(kinds.masked, positions.length, 0.8);
      expectCount(kinds.random, positions.length, 0.1 - same);
      expectCount(kinds.kept, positions.length, 0.1 + same);
      const random = [...positions].map((at) => tokenIds[at]!).filter((id, i) => id !== mask && id !== labels[i]);
      expectCount(random.filter((id) => id < 5 + ordinary / 2).length, random.length, Math.ceil(ordinary / 2) / ordinary);
      expect(Math.min(...random)).toBe(5);
      expect(Math.max(...random)).toBe(vocabularySize - 1);
    },
  );

  it("bernoulli chooses 15 % of what may be hidden, everywhere alike; counted spends google's budget in every sequence", () => {
    const { positions } = maskMillion({ rule: 'bernoulli' });
    expectCount(positions.length, maskable, 0.15);
    const early = positions.filter((at) => at % length >= 1 && at % length < 32).length;
    expectCount(early, count * 31, 0.15);
    const perRow = new Int32Array(count);
    for (const at of maskMillion({}).positions) perRow[Math.floor(at / length)]!++;
    perRow.forEach((number, row) => {
      const tokens = million.subarray(row * length, (row + 1) * length).filter((id) => id !== padding).length;
      const exact = 0.15 * tokens;
      const expected = Math.abs(exact - Math.floor(exact) - 0.5) < 1e-12 ? 2 * Math.round(exact / 2) : Math.round(exact);
      if (number !== expected) expect([row, tokens, number]).toEqual([row, tokens, expected]);
    });
  });

  it.each(['counted', 'bernoulli'] as const)('whole words are never split (%s), and each token draws its own replacement', (rule) => {
    const masked = maskMillion({ rule, unit: 'whole-word', isContinuation });
    expectSound(million, masked);
    const chosen = new Set(masked.positions);
    for (let at = 1; at < million.length; at++) {
      const joined = !isSpecial(million[at]!) && isContinuation(million[at]!) && !isSpecial(million[at - 1]!) && at % length > 0;
      if (joined && chosen.has(at) !== chosen.has(at - 1)) expect.unreachable(`a word is split before ${at}`);
    }
    expectCount(kindsOf(masked).masked, masked.positions.length, 0.8);
    if (rule === 'bernoulli') expect(Math.abs(masked.positions.length / maskable - 0.15)).toBeLessThan(0.002);
    else expect(Math.abs(masked.positions.length / million.filter((id) => id !== padding).length - 0.15)).toBeLessThan(0.002);
  });

  it('spans come whole words at a time, spend the budget and share one replacement', () => {
    const masked = maskMillion({ unit: 'span', maskFraction: 0.8, isContinuation });
    expectSound(million, masked);
    const tokens = million.filter((id) => id !== padding).length;
    expect(Math.abs(masked.positions.length / tokens - 0.15)).toBeLessThan(0.003);
    expect(Math.abs(kindsOf(masked).masked / masked.positions.length - 0.8)).toBeLessThan(0.005); // spans, not tokens, are the trials
    // neighbors are of one kind far more often than 0.8² + 0.1² + 0.1² = 0.66 of the time
    const isMask = new Map([...masked.positions].map((at) => [at, masked.tokenIds[at] === mask] as const));
    const pairs = [...isMask.keys()].filter((at) => isMask.has(at + 1));
    expect(pairs.length).toBeGreaterThan(0.6 * masked.positions.length);
    expect(pairs.filter((at) => isMask.get(at) === isMask.get(at + 1)).length / pairs.length).toBeGreaterThan(0.93);
  });
});

describe('one sequence', () => {
  const masking = (options: Partial<MaskTokensOptions>, ids: number[], seed = 0) =>
    maskTokens({ ...base, ...options })({ tokenIds: Int32Array.from(ids), length: ids.length }, createRng(seed));

  it('hides one token at least, and at most maxMasked', () => {
    expect(masking({}, [begin, 9, end]).positions).toEqual(Int32Array.of(1));
    const long = [begin, ...Array.from({ length: 98 }, (_, i) => 10 + i), end];
    expect(masking({}, long).positions.length).toBe(15);
    expect(masking({ maxMasked: 4 }, long).positions.length).toBe(4);
    expect(masking({ maskRate: 1 }, long).positions.length).toBe(98);
    expect(masking({ maskRate: 0.25 }, [begin, 5, 6, 7, 8, 9, 10, 11, 12, end]).positions.length).toBe(2); // 2.5, half to even
    expect(masking({ maskRate: 0.35 }, [begin, 5, 6, 7, 8, 9, 10, 11, 12, end]).positions.length).toBe(4); // 3.5
    expect(masking({ maskRate: 0.5 }, [begin, 5, 6, end, padding, padding, padding, padding]).positions.length).toBe(2); // of 4 tokens
  });

  it('passes over a word that exceeds the budget', () => {
    const ids = [begin, 10, 700, 700, end, 11];
    const chosen = (seed: number) => [...masking({ unit: 'whole-word', isContinuation, maskRate: 0.3 }, ids, seed).positions];
    for (let seed = 0; seed < 20; seed++) expect(chosen(seed)).toEqual([5]);
  });

  it.each(['whole-word', 'span'] as const)('hides one %s where every word exceeds the budget: one of the shortest', (unit) => {
    const ids = [begin, 10, 700, 700, 11, 700, end, 12, 700]; // words of three, two and two
    const chosen = (seed: number, more: Partial<MaskTokensOptions> = {}) =>
      [...masking({ unit, isContinuation, maskRate: 0.1, ...more }, ids, seed).positions].join();
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    expect(new Set(seeds.map((seed) => chosen(seed)))).toEqual(new Set(['4,5', '7,8']));
    expect(new Set(seeds.map((seed) => chosen(seed, { maxMasked: 1 })))).toEqual(new Set(['4', '7'])); // and never more than that
    expect(masking({ unit, isContinuation }, [begin, 10, 700, end]).weights).toEqual(Float32Array.of(1, 1));
  });

  it('counts in exact arithmetic', () => {
    const row = Array.from({ length: 100 }, (_, i) => 10 + (i % 50));
    for (const [maskRate, count] of [
      [0.575, 58],
      [0.145, 14],
      [0.155, 16],
      [0.29, 29],
      [0.285, 28],
    ] as const)
      // prettier-ignore
      expect(masking({ maskRate }, row).positions.length, `${maskRate}`).toBe(count);
  });

  it('takes words for one where a special token parts them', () => {
    const ids = [begin, 10, end, 700, 11];
    const sets = new Set(
      Array.from({ length: 40 }, (_, seed) =>
        [...masking({ unit: 'whole-word', isContinuation, maskRate: 0.2 }, ids, seed).positions].join(),
      ),
    );
    expect([...sets].sort()).toEqual(['1', '3', '4']);
  });

  it('has a position of weight 0 where nothing can be hidden', () => {
    const { tokenIds, positions, labels, weights } = masking({}, [begin, end, padding]);
    expect([[...tokenIds], [...positions], [...labels], [...weights]]).toEqual([[begin, end, padding], [0], [begin], [0]]);
  });

  it('masks, replaces or keeps all on request', () => {
    const ids = Array.from({ length: 50 }, (_, i) => 10 + i);
    expect(masking({ maskRate: 1, maskFraction: 1, randomFraction: 0 }, ids).tokenIds.every((id) => id === mask)).toBe(true);
    expect([...masking({ maskRate: 1, maskFraction: 0, randomFraction: 0 }, ids).tokenIds]).toEqual(ids);
    const random = masking({ maskRate: 1, maskFraction: 0, randomFraction: 1, vocabularySize: 6, specialIds: [1, 2, 3] }, [5, 5, 5]);
    expect([...random.tokenIds]).toEqual([5, 5, 5]); // the one id that is not special
  });
});

it('a sequence depends on the stream, its place and itself alone; the input stays', () => {
  const masking = maskTokens(base);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 6 }), (seed, rows) => {
      const tokenIds = rowsOf(rows, 16, 8);
      const before = tokenIds.slice();
      const all = masking({ tokenIds, length: 16 }, createRng(seed));
      expect(tokenIds).toEqual(before);
      expect(masking({ tokenIds, length: 16 }, createRng(seed))).toEqual(all);
      const first = masking({ tokenIds: tokenIds.slice(0, 16), length: 16 }, createRng(seed));
      expect(all.tokenIds.slice(0, 16)).toEqual(first.tokenIds);
    }),
    { numRuns: 40 },
  );
  const of = (seed: number) => masking({ tokenIds: rowsOf(4, 64), length: 64 }, createRng(seed)).positions;
  expect(of(1)).not.toEqual(of(2));
});

it.each<[string, Partial<MaskTokensOptions>]>([
  ['`vocabularySize` must be an integer >= 1, got 0', { vocabularySize: 0 }],
  ['`maskId` must be ids in [0, 1000), got 1000', { maskId: 1000 }],
  ['`specialIds` must be ids in [0, 1000), got -1', { specialIds: [-1] }],
  ['`specialIds` must be fewer than all ids, got all of them', { vocabularySize: 5, specialIds: [0, 1, 2, 3] }],
  ['`maskRate` must be in [0, 1], got 1.5', { maskRate: 1.5 }],
  ['`randomFraction` must be at most 1 - maskFraction = 0.5, got 0.6', { maskFraction: 0.5, randomFraction: 0.6 }],
  ["`rule` must be 'counted' or 'bernoulli', got \"google\"", { rule: 'google' as 'counted' }],
  ["`unit` must be 'token', 'whole-word' or 'span', got \"word\"", { unit: 'word' as 'span' }],
  ['`rule` must be \'counted\' for spans, got "bernoulli"', { unit: 'span', rule: 'bernoulli' }],
  ['`isContinuation` must be given for whole words, got undefined', { unit: 'whole-word' }],
  ['`spanProbability` must be in (0, 1], got 0', { spanProbability: 0 }],
  ['`maxSpan` must be an integer >= 1, got 0.5', { maxSpan: 0.5 }],
])('refuses an option: %s', (message, options) => {
  expect(() => maskTokens({ ...base, ...options })).toThrow(`maskTokens: ${message}`);
});

it('refuses ids that are no rows or not in the vocabulary', () => {
  const failure = (tokenIds: number[], size: number) => {
    try {
      maskTokens(base)({ tokenIds: Int32Array.from(tokenIds), length: size }, createRng(0));
    } catch (error) {
      return isSelfsupError(error) && [error.code, error.message];
    }
    return undefined;
  };
  expect(failure([5, 6, 7], 2)).toEqual(['SELFSUP_SHAPE', 'maskTokens: `tokenIds` must be rows of `length` ids, got 3 ids and length 2']);
  expect(failure([], 2)).toEqual(['SELFSUP_SHAPE', 'maskTokens: `tokenIds` must be rows of `length` ids, got 0 ids and length 2']);
  expect(failure([5, 6, 7, 1000], 2)).toEqual([
    'SELFSUP_DATA',
    'maskTokens: `tokenIds` must be in [0, 1000), got 1000 at place 1 of sequence 1',
  ]);
});
