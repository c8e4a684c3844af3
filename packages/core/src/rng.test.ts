import { describe, expect, it } from 'vitest';
import { createRng } from './rng.ts';
import { drawNormal, drawPermutation, drawUniform } from './draws.ts';
import { threefry2x32 } from './threefry.ts';

const block = (key: [number, number], counter: [number, number]) => [...threefry2x32(key, counter, new Uint32Array(2))];

describe('threefry2x32', () => {
  // the known-answer vectors of Random123 1.09 (kat_vectors, threefry2x32, 20 rounds)
  it('gives the published vectors', () => {
    expect(block([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
    expect(block([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(block([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual([0xc4923a9c, 0x483df7a0]);
  });
});

describe('createRng', () => {
  it('gives one stream per name, whatever the order of calls', () => {
    const root = createRng(7);
    const first = root.fold('a').fold(3).seed();
    root.fold('b').seed();
    expect(root.fold('a').fold(3).seed()).toBe(first);
    expect(createRng(7).fold('a').fold(3).seed()).toBe(first);
  });

  it('separates seeds, tags, and numbers from strings', () => {
    const streams = [0, 1, -1, 2 ** 32, 2 ** 40].map((seed) => createRng(seed));
    const tags = ['', 'a', 'b', 'ab', 'a\0', 'abcdefghi', 'abcdefgh', 0, 1, -1, 2 ** 32, '0', '1'];
    const seeds = streams.flatMap((rng) => [rng.seed(), ...tags.map((tag) => rng.fold(tag).seed())]);
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(createRng(0).fold('a').fold('b').seed()).not.toBe(createRng(0).fold('ab').seed());
    expect(createRng(0).fold('a').fold('b').seed()).not.toBe(createRng(0).fold('b').fold('a').seed());
  });

  it('refuses seeds and tags that are no integers', () => {
    expect(() => createRng(0.5)).toThrow('createRng: `seed` must be a safe integer, got 0.5');
    expect(() => createRng(0).fold(NaN)).toThrow('got NaN');
  });
});

describe('parts of a batch', () => {
  const rng = createRng(3).fold('parts');
  const parts = [0, 1, 2];

  it('draw what the whole batch draws for their rows, also under other names', () => {
    for (const own of [rng, rng.fold('a').fold(2)])
      for (const count of [4, 5]) {
        const [uniform, normal] = [drawUniform(own, 3 * count), drawNormal(own, 3 * count)];
        expect(parts.flatMap((part) => [...drawUniform(own.ofPart(part), count)])).toEqual([...uniform]);
        expect(parts.flatMap((part) => [...drawNormal(own.ofPart(part), count)])).toEqual([...normal]);
      }
    expect([...drawUniform(rng.ofPart(2).fold('x'), 3)]).toEqual([...drawUniform(rng.fold('x'), 9).subarray(6)]);
  });

  it('have streams of rows that the division does not change', () => {
    const whole = Array.from({ length: 6 }, (_, row) => rng.row(row, 6).seed());
    expect(parts.flatMap((part) => [0, 1].map((row) => rng.ofPart(part).row(row, 2).seed()))).toEqual(whole);
    expect(whole).toEqual(Array.from({ length: 6 }, (_, row) => rng.fold(row).seed()));
    const stacked = Array.from({ length: 12 }, (_, row) => rng.stacked(2).row(row, 12).seed());
    expect(new Set(stacked).size).toBe(12);
    const second = rng.stacked(2).ofPart(1);
    expect([0, 1, 2, 3].map((row) => second.row(row, 4).seed())).toEqual([2, 3, 8, 9].map((row) => stacked[row]));
    expect(rng.ofPart(1).row(0, 2).part).toBe(0);
  });

  it('draw for stacks of their rows, each from a stream of its own', () => {
    const whole = drawUniform(rng.stacked(2), 12);
    expect([...whole.subarray(0, 6)]).toEqual([...drawUniform(rng, 6)]);
    const second = drawUniform(rng.stacked(2).ofPart(1), 4);
    expect([...second]).toEqual([2, 3, 8, 9].map((i) => whole[i]));
    expect(() => drawUniform(rng.stacked(2), 5)).toThrow('a draw for 2 stacks of rows must be a multiple of 2 numbers, got 5');
  });

  it('have orders and seeds of their own', () => {
    const orders = parts.map((part) => drawPermutation(rng.ofPart(part), 20).join());
    expect(new Set(orders).size).toBe(3);
    expect(orders[0]).toBe(drawPermutation(rng, 20).join());
    expect(new Set(parts.map((part) => rng.ofPart(part).seed())).size).toBe(3);
    expect(rng.ofPart(4).ofPart(0).seed()).toBe(rng.seed());
  });

  it('refuses parts, stacks and rows that cannot be', () => {
    expect(() => rng.ofPart(-1)).toThrow('Rng.ofPart: `part` must be an integer >= 0, got -1');
    expect(() => rng.stacked(0)).toThrow('Rng.stacked: `stacks` must be an integer >= 1, got 0');
    expect(() => rng.row(2, 2)).toThrow('got 2 of 2');
    expect(() => rng.stacked(2).row(0, 3)).toThrow('a multiple of the 2 stacks, got 0 of 3');
  });
});

describe('draws', () => {
  const rng = createRng(0).fold('draws');
  it('draws uniform numbers with the right moments and range', () => {
    const values = drawUniform(rng, 100_000, { min: -1, max: 3 });
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    expect(Math.min(...values.subarray(0, 50_000))).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values.subarray(0, 50_000))).toBeLessThan(3);
    expect(mean).toBeCloseTo(1, 1.7);
    expect(variance).toBeCloseTo(16 / 12, 1.7);
  });

  it('starts a longer draw with the shorter one', () => {
    expect([...drawUniform(rng, 9).subarray(0, 4)]).toEqual([...drawUniform(rng, 4)]);
    expect([...drawNormal(rng, 9).subarray(0, 3)]).toEqual([...drawNormal(rng, 3)]);
  });

  it('draws normal numbers with the right moments', () => {
    const values = drawNormal(rng, 100_000, { mean: 2, standardDeviation: 0.5 });
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const central = (power: number) => values.reduce((sum, v) => sum + ((v - mean) / 0.5) ** power, 0) / values.length;
    expect(Math.abs(mean - 2)).toBeLessThan(0.006);
    expect(Math.abs(central(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(central(3))).toBeLessThan(0.04);
    expect(Math.abs(central(4) - 3)).toBeLessThan(0.1);
  });

  it('draws every order of three about equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = drawPermutation(rng.fold(i), 3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
    expect([...drawPermutation(rng, 1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });
});
