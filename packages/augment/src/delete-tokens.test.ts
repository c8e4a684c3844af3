import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { deleteTokens } from './delete-tokens.ts';

const specialIds = [0, 1, 2];
const row = (tokens: number) => [1, ...Array.from({ length: tokens }, (_, i) => 10 + i), 2];
const rows = (count: number, tokens: number) => ({ tokenIds: Int32Array.from(Array.from({ length: count }, () => row(tokens)).flat()), length: tokens + 2 }); // prettier-ignore
const sequencesOf = ({ tokenIds, attentionMask, length }: ReturnType<ReturnType<typeof deleteTokens>>) =>
  Array.from({ length: tokenIds.length / length }, (_, i) =>
    [...tokenIds.subarray(i * length, (i + 1) * length)].filter((_id, at) => attentionMask[i * length + at] === 1),
  );

describe('deleteTokens', () => {
  it('deletes that part of the tokens, never special ones, and keeps the order of the others', () => {
    const kept = sequencesOf(deleteTokens({ specialIds })(rows(400, 20), createRng(0)));
    const words = kept.map((ids) => ids.slice(1, -1));
    expect(kept.every((ids) => ids[0] === 1 && ids.at(-1) === 2)).toBe(true);
    expect(words.reduce((sum, ids) => sum + ids.length, 0) / (400 * 20)).toBeCloseTo(0.4, 1.5);
    expect(words.every((ids) => ids.every((id, i) => i === 0 || id > ids[i - 1]!))).toBe(true);
    expect(new Set(words.map(String)).size).toBeGreaterThan(390);
  });

  it('leaves at least one word, of a sequence without words what it has, and of a word all of its pieces', () => {
    const left = sequencesOf(deleteTokens({ specialIds, deleteRate: 0.99 })(rows(200, 3), createRng(0)));
    expect(Math.min(...left.map((ids) => ids.length))).toBe(3);
    expect(new Set(left.filter((ids) => ids.length === 3).map((ids) => ids[1]))).toEqual(new Set([10, 11, 12]));
    expect(sequencesOf(deleteTokens({ specialIds })({ tokenIds: Int32Array.of(1, 2, 0), length: 3 }, createRng(0)))).toEqual([[1, 2, 0]]);
    const pieces = deleteTokens({ specialIds, isContinuation: (id) => id % 2 === 1 })(rows(50, 20), createRng(1));
    for (const ids of sequencesOf(pieces)) for (const id of ids) if (id >= 10) expect(ids).toContain(id ^ 1);
  });

  it('takes filling off, is as long as the longest up to a multiple of 8, and fills up', () => {
    const tokenIds = Int32Array.from([...row(20), ...row(3), ...Array.from({ length: 17 }, () => 9)]);
    const attentionMask = Int32Array.from(tokenIds, (id) => (id === 9 ? 0 : 1));
    const all = deleteTokens({ specialIds, deleteRate: 0, fillId: 7 })({ tokenIds, attentionMask, length: 22 }, createRng(0));
    expect(all.length).toBe(22);
    expect(sequencesOf(all)).toEqual([row(20), row(3)]);
    expect([...all.tokenIds.subarray(22 + 5)]).toEqual(Array.from({ length: 17 }, () => 7));
    const short = deleteTokens({ specialIds, deleteRate: 0.9 })({ tokenIds, attentionMask, length: 22 }, createRng(0));
    expect(short.length).toBe(8);
    expect(tokenIds.length).toBe(44);
  });

  it('draws from its stream by row, and says what is wrong', () => {
    const remove = deleteTokens({ specialIds });
    expect(remove(rows(3, 12), createRng(4))).toEqual(remove(rows(3, 12), createRng(4)));
    expect(sequencesOf(remove(rows(3, 12), createRng(4))).slice(0, 2)).toEqual(sequencesOf(remove(rows(2, 12), createRng(4))));
    expect(() => deleteTokens({ specialIds, deleteRate: 1 })).toThrow('deleteTokens: `deleteRate` must be in [0, 1), got 1');
    expect(() => deleteTokens({ specialIds: [-1] })).toThrow('deleteTokens: `specialIds` must be integers >= 0, got -1');
    expect(() => remove({ tokenIds: new Int32Array(5), length: 2 }, createRng(0))).toThrow('got 5 ids and length 2');
    expect(() => remove({ tokenIds: new Int32Array(4), attentionMask: [1], length: 2 }, createRng(0))).toThrow(
      'deleteTokens: `attentionMask` must have 4 values like `tokenIds`, got 1',
    );
  });
});
