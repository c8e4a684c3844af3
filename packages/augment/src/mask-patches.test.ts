import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { maskPatches, type MaskPatchesOptions } from './mask-patches.ts';

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
const rowsOf = (values: Int32Array | Float32Array, count: number) => {
  const length = values.length / count;
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * length, (i + 1) * length)]);
};

describe.each<[string, MaskPatchesOptions, number]>([
  ['random', { gridSize: 14 }, 49],
  ['random, 0.6', { gridSize: 14, maskRatio: 0.6 }, 78],
  ['random, not square', { gridSize: [3, 5], maskRatio: 0.5 }, 7],
  ["SimMIM's units", { gridSize: 12, maskRatio: 0.6, unitSize: 2 }, 56],
  ['block', { gridSize: 14, maskRatio: 0.4, kind: 'block' }, 117],
  ['block, small', { gridSize: [2, 3], maskRatio: 0.5, kind: 'block', minBlock: 1 }, 3],
  ['inverse block', { gridSize: 8, maskRatio: 0.65, kind: 'inverse-block' }, 22],
  ['inverse block, not square', { gridSize: [2, 7], maskRatio: 0.4, kind: 'inverse-block' }, 8],
  ['grid', { gridSize: 14, kind: 'grid' }, 49],
  ['grid of 3 x 3', { gridSize: 9, maskRatio: 5 / 9, kind: 'grid', windowSize: 3 }, 36],
])('%s', (_, options, kept) => {
  const masking = maskPatches(options);
  const [rows, columns] = typeof options.gridSize === 'number' ? [options.gridSize, options.gridSize] : options.gridSize;
  const [count, length] = [50, rows * columns];
  const drawn = masking({ count }, createRng(1));

  it('keeps exactly int(L·(1 − r)), ascending, and keep, restore and mask agree', () => {
    expect([drawn.keep.length, drawn.restore.length, drawn.mask.length]).toEqual([count * kept, count * length, count * length]);
    const [keeps, restores, masks] = [rowsOf(drawn.keep, count), rowsOf(drawn.restore, count), rowsOf(drawn.mask, count)];
    for (let i = 0; i < count; i++) {
      expect(sum(masks[i]!)).toBe(length - kept);
      expect(keeps[i]).toEqual([...masks[i]!.keys()].filter((at) => masks[i]![at] === 0));
      expect(keeps[i]!.map((patch) => restores[i]![patch])).toEqual(keeps[i]!.map((_patch, place) => place));
      expect([...restores[i]!].sort((a, b) => a - b)).toEqual([...restores[i]!.keys()]);
    }
  });

  it('differs by image and by stream, and an image depends on its place alone', () => {
    expect(new Set(rowsOf(drawn.mask, count).map(String)).size).toBeGreaterThan(1);
    expect(masking({ count: 3 }, createRng(1)).mask).toEqual(drawn.mask.subarray(0, 3 * length));
    expect(masking({ count }, createRng(2)).mask).not.toEqual(drawn.mask);
  });
});

it('leaves one rectangle in an inverse block, moved in a circle, at most twice as long as wide', () => {
  const [side, kept, count] = [8, 24, 200];
  const { mask } = maskPatches({ gridSize: side, maskRatio: 1 - kept / side ** 2, kind: 'inverse-block' })({ count }, createRng(5));
  const wrapped = new Set<boolean>();
  for (const own of rowsOf(mask, count)) {
    const seen = (row: number, column: number) => own[row * side + column] === 0;
    const all = [...Array(side).keys()];
    const lengths = all.map((row) => all.filter((column) => seen(row, column)).length).filter((length) => length > 0);
    const width = Math.max(...lengths);
    // full rows, of which the last may be shorter
    expect(lengths.filter((length) => length < width).length).toBeLessThanOrEqual(1);
    expect(lengths.length).toBe(Math.ceil(kept / width));
    expect(width).toBeGreaterThanOrEqual(Math.floor(Math.sqrt(kept / 2)));
    expect(width).toBeLessThanOrEqual(Math.ceil(Math.sqrt(kept * 2)));
    wrapped.add(all.some((row) => seen(row, 0) && seen(row, side - 1)) && width < side);
  }
  expect(wrapped.size).toBe(2);
});

it('takes every legal ratio of a window, as a quotient and as a decimal', () => {
  const kept = (options: MaskPatchesOptions) => maskPatches(options)({ count: 1 }, createRng(0)).keep.length;
  expect(kept({ gridSize: 10, kind: 'grid', windowSize: 5, maskRatio: 0.8 })).toBe(20);
  let decimals = 0;
  for (let windowSize = 2; windowSize <= 10; windowSize++) {
    const places = windowSize ** 2;
    for (let hidden = 1; hidden < places; hidden++) {
      const options = { gridSize: windowSize, kind: 'grid', windowSize, maskRatio: hidden / places } as const;
      expect(kept(options), `${hidden}/${places}`).toBe(places - hidden);
      const decimal = Number((hidden / places).toFixed(4));
      if (decimal * places !== hidden && (1e4 * hidden) % places !== 0) continue; // another number
      decimals++;
      expect(kept({ ...options, maskRatio: decimal }), `${decimal}`).toBe(places - hidden);
    }
  }
  expect(decimals).toBeGreaterThan(150);
});

it.each<[string, MaskPatchesOptions, number]>([
  ['10 x 10 at 0.8', { gridSize: 10, maskRatio: 0.8 }, 20],
  ['10 x 10 at 0.9', { gridSize: 10, maskRatio: 0.9 }, 10],
  ['10 x 10 at 0.7, block', { gridSize: 10, maskRatio: 0.7, kind: 'block' }, 30],
  ['20 x 20 at 0.8 in units of 2 x 2', { gridSize: 20, maskRatio: 0.8, unitSize: 2 }, 80],
  ['14 x 14 at 0.75', { gridSize: 14, maskRatio: 0.75 }, 49],
  ['14 x 14 at 0.9', { gridSize: 14, maskRatio: 0.9 }, 19], // 19.6
])('keeps int(L·(1 − r)) in exact arithmetic: %s', (_, options, kept) => {
  expect(maskPatches(options)({ count: 1 }, createRng(0)).keep.length).toBe(kept);
});

const frequencies = (options: MaskPatchesOptions, count = 2000) => {
  const masks = rowsOf(maskPatches(options)({ count }, createRng(3)).mask, count);
  return masks[0]!.map((_, at) => sum(masks.map((mask) => mask[at]!)) / count);
};

it('random and grid mask every patch alike', () => {
  for (const options of [{ gridSize: 4 }, { gridSize: 4, kind: 'grid' as const }])
    for (const frequency of frequencies(options)) expect(Math.abs(frequency - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / 2000));
});

/** How often the right neighbor of a masked patch is masked too. */
const together = (options: MaskPatchesOptions) => {
  const count = 300;
  let [pairs, both] = [0, 0];
  for (const mask of rowsOf(maskPatches(options)({ count }, createRng(4)).mask, count))
    mask.forEach((value, at) => {
      if (value === 0 || at % 14 === 13) return;
      pairs++;
      both += mask[at + 1]!;
    });
  return both / pairs;
};

it('blocks lie together, random patches do not', () => {
  expect(Math.abs(together({ gridSize: 14, maskRatio: 0.4 }) - 0.4)).toBeLessThan(0.03);
  expect(together({ gridSize: 14, maskRatio: 0.4, kind: 'block' })).toBeGreaterThan(0.65);
});

it('units are masked as a whole, and a grid repeats its window', () => {
  const cell = (mask: number[], row: number, column: number) => mask[row * 4 + column];
  const of = (options: Partial<MaskPatchesOptions>) =>
    rowsOf(maskPatches({ gridSize: 4, ...options })({ count: 20 }, createRng(5)).mask, 20);
  for (const mask of of({ unitSize: 2, maskRatio: 0.5 }))
    for (let i = 0; i < 16; i++) {
      const [row, column] = [Math.floor(i / 4), i % 4];
      expect(cell(mask, row, column)).toBe(cell(mask, row - (row % 2), column - (column % 2)));
    }
  for (const mask of of({ kind: 'grid', maskRatio: 0.5 }))
    for (let i = 0; i < 16; i++) expect(mask[i]).toBe(cell(mask, Math.floor(i / 4) % 2, (i % 4) % 2));
});

it.each<[string, MaskPatchesOptions]>([
  ['`gridSize` must be an integer >= 1 or [down, across] of such, got 0 x 0', { gridSize: 0 }],
  ['`maskRatio` must be in (0, 1), got 1', { gridSize: 4, maskRatio: 1 }],
  ['`maskRatio` must be so small that one of 16 is kept, got 0.95', { gridSize: 4, maskRatio: 0.95 }],
  ['`maskRatio` must be a multiple of 1/4 with windows of 2 x 2, got 0.6', { gridSize: 4, maskRatio: 0.6, kind: 'grid' }],
  ['`unitSize` must be a divisor of the grid 4 x 4, got 3', { gridSize: 4, unitSize: 3 }],
  ['`windowSize` must be a divisor of the grid 5 x 5, got 2', { gridSize: 5, kind: 'grid' }],
  ['`minBlock` must be an integer >= 1, got 0', { gridSize: 4, kind: 'block', minBlock: 0 }],
  ["`kind` must be 'random', 'block', 'inverse-block' or 'grid', got \"cube\"", { gridSize: 4, kind: 'cube' as 'grid' }],
])('refuses an option: %s', (message, options) => {
  expect(() => maskPatches(options)).toThrow(message);
});

it('refuses a count of no images', () => {
  expect(() => maskPatches({ gridSize: 4 })({ count: 0 }, createRng(0))).toThrow('maskPatches: `count` must be an integer >= 1, got 0');
});
