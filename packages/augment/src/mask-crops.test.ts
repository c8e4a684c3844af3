import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { maskCrops, type MaskCropsOptions } from './mask-crops.ts';

const rowsOf = (values: Int32Array, count: number) => {
  const length = values.length / count;
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * length, (i + 1) * length)]);
};

describe('maskCrops', () => {
  const [count, length] = [400, 8 * 8];
  const rows = rowsOf(maskCrops({ gridSize: 8 })({ count }, createRng(1)).masked, count);
  const filled = rows.map((row) => row.filter((patch) => patch >= 0));

  it('masks 10 to 50 % of one of the two crops, ascending, and fills up with -1', () => {
    for (const [i, patches] of filled.entries()) {
      expect(rows[i]).toEqual([...patches, ...Array<number>(32 - patches.length).fill(-1)]);
      expect(patches.length).toBeGreaterThanOrEqual(6);
      expect(patches).toEqual([...new Set(patches)].sort((a, b) => a - b));
      expect(new Set(patches.map((patch) => Math.floor(patch / length))).size).toBe(1);
      expect(patches.at(-1)).toBeLessThan(2 * length);
    }
  });

  it('masks either crop as often, and 0.3 of it on average', () => {
    const second = filled.filter((patches) => patches[0]! >= length).length / count;
    expect(Math.abs(second - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / count));
    const part = filled.reduce((sum, patches) => sum + patches.length, 0) / count / length;
    expect(Math.abs(part - 0.3 + 0.5 / length)).toBeLessThan((4 * 0.4) / Math.sqrt(12 * count)); // rounded down by half a patch
  });

  it('masks patches that lie together', () => {
    const together = filled.map((patches) => {
      const own = new Set(patches);
      const inner = patches.filter((patch) => patch % 8 < 7);
      return inner.filter((patch) => own.has(patch + 1)).length / inner.length;
    });
    expect(together.reduce((sum, value) => sum + value, 0) / count).toBeGreaterThan(0.55); // 0.3 when they were drawn alone
  });

  it('an image depends on its place alone; streams differ', () => {
    const masking = maskCrops({ gridSize: [3, 5], minBlock: 1 });
    const all = masking({ count: 5 }, createRng(2)).masked;
    expect(all.length).toBe(5 * 7);
    expect(masking({ count: 2 }, createRng(2)).masked).toEqual(all.subarray(0, 14));
    expect(masking({ count: 5 }, createRng(3)).masked).not.toEqual(all);
  });

  it.each<[string, MaskCropsOptions]>([
    ['`gridSize` must be an integer >= 1 or [down, across] of such, got 0 x 0', { gridSize: 0 }],
    ['`maskRatio` must be two numbers in (0, 1), the smaller first, got [0.5, 0.1]', { gridSize: 4, maskRatio: [0.5, 0.1] }],
    ['`minBlock` must be an integer >= 1, got 0', { gridSize: 4, minBlock: 0 }],
  ])('refuses an option: %s', (message, options) => {
    expect(() => maskCrops(options)).toThrow(`maskCrops: ${message}`);
  });

  it('refuses a count of no images', () => {
    expect(() => maskCrops({ gridSize: 4 })({ count: 0 }, createRng(0))).toThrow('maskCrops: `count` must be an integer >= 1, got 0');
  });
});
