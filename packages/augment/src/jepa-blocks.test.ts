import { createRng } from '@selfsup/core';
import { describe, expect, it } from 'vitest';
import { jepaBlocks, type JepaBlocksOptions } from './jepa-blocks.ts';

const split = (values: Int32Array, size: number) =>
  Array.from({ length: values.length / size }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);

describe.each<[string, JepaBlocksOptions]>([
  ['square', { gridSize: 14 }],
  ['not square', { gridSize: [6, 10], numTargets: 3 }],
  ['tiny, where the targets may cover everything', { gridSize: 2, targetScale: [0.25, 0.5] }],
])('%s', (_, options) => {
  const [rows, columns] = typeof options.gridSize === 'number' ? [options.gridSize, options.gridSize] : options.gridSize;
  const [count, numTargets] = [40, options.numTargets ?? 4];
  const masking = jepaBlocks(options);

  it('draws rectangles of one size, and contexts of one length without any of their patches', () => {
    for (let step = 0; step < 10; step++) {
      const drawn = masking({ count }, createRng(step));
      expect(drawn.numTargets).toBe(numTargets);
      const targets = split(drawn.targets, drawn.targets.length / count / numTargets);
      const contexts = split(drawn.context, drawn.context.length / count);
      expect([targets.length, contexts.length]).toEqual([count * numTargets, count]);
      const sizes = targets.map((block) => {
        const [across, down] = [new Set(block.map((patch) => patch % columns)), new Set(block.map((patch) => Math.floor(patch / columns)))];
        expect(across.size * down.size).toBe(block.length);
        expect(Math.max(...across) - Math.min(...across)).toBe(across.size - 1);
        expect(Math.max(...down) - Math.min(...down)).toBe(down.size - 1);
        expect(block).toEqual([...block].sort((a, b) => a - b));
        return `${down.size} x ${across.size}`;
      });
      expect(new Set(sizes).size).toBe(1);
      for (const [image, context] of contexts.entries()) {
        const hidden = new Set(targets.slice(image * numTargets, (image + 1) * numTargets).flat());
        expect(context.length).toBeGreaterThan(0);
        expect(context).toEqual([...new Set(context)].sort((a, b) => a - b));
        expect(context.some((patch) => hidden.has(patch) || patch < 0 || patch >= rows * columns)).toBe(false);
      }
    }
  });

  it('differs by image and by stream alone', () => {
    const drawn = masking({ count }, createRng(1));
    expect(masking({ count }, createRng(1))).toEqual(drawn);
    expect(masking({ count }, createRng(2))).not.toEqual(drawn);
    expect(new Set(split(drawn.targets, drawn.targets.length / count).map(String)).size).toBeGreaterThan(1);
  });
});

it('has the sizes of the paper on its grid of 14 x 14: 15 to 20 % in a target, most of the rest in the context', () => {
  const shares = Array.from({ length: 50 }, (_, step) => {
    const { context, targets } = jepaBlocks({ gridSize: 14 })({ count: 1 }, createRng(step));
    return { target: targets.length / 4 / 196, context: context.length / 196 };
  });
  const range = (name: 'target' | 'context') => [Math.min(...shares.map((s) => s[name])), Math.max(...shares.map((s) => s[name]))];
  expect(range('target')[0]).toBeGreaterThan(0.12);
  expect(range('target')[1]).toBeLessThan(0.23);
  expect(new Set(shares.map(({ target }) => target)).size).toBeGreaterThan(3);
  expect(range('context')[0]).toBeGreaterThan(0.2);
  expect(range('context')[1]).toBeLessThan(0.8);
});

// the aspect that covers the grid may lie between those at the ends of the range: then nothing would be left to see, however often places are drawn
it.each([2, 4, 5, 8, [2, 9], [9, 2], [1, 6], [6, 1]] as (number | [number, number])[])(
  'refuses what can cover a grid of %s',
  (gridSize) => {
    const [rows, columns] = typeof gridSize === 'number' ? [gridSize, gridSize] : gridSize;
    const side = (length: number, most: number) => Math.min(most, Math.max(1, Math.round(length)));
    for (let scale = 0.05; scale <= 1; scale += 0.05)
      for (const targetAspect of [
        [0.75, 1.5],
        [0.2, 0.6],
        [2, 5],
      ] as [number, number][]) {
        const aspects = Array.from({ length: 2001 }, (_, i) => targetAspect[0] + ((targetAspect[1] - targetAspect[0]) * i) / 2000);
        const area = rows * columns * scale;
        const covers = aspects.some((a) => side(Math.sqrt(area * a), rows) * side(Math.sqrt(area / a), columns) === rows * columns);
        const create = () => jepaBlocks({ gridSize, targetScale: [scale, scale], targetAspect });
        if (covers) expect(create).toThrow(`a target leaves some of ${rows} x ${columns} patches`);
        else expect(create).not.toThrow();
      }
  },
);

it('says what is wrong', () => {
  const failures: [object, string][] = [
    [{ gridSize: 0 }, 'jepaBlocks: `gridSize` must be an integer >= 1 or [down, across] of such, got 0 x 0'],
    [{ gridSize: 1 }, 'jepaBlocks: `gridSize` must be of several patches, some to see and some to predict, got 1 x 1'],
    [{ numTargets: 0 }, 'jepaBlocks: `numTargets` must be an integer >= 1, got 0'],
    [{ targetScale: [0.2, 0.1] }, 'jepaBlocks: `targetScale` must be a range within (0, 1], got [0.2, 0.1]'],
    [{ contextScale: [0, 1] }, 'jepaBlocks: `contextScale` must be a range within (0, 1], got [0, 1]'],
    [{ targetAspect: [0, 1] }, 'jepaBlocks: `targetAspect` must be a range of numbers > 0, got [0, 1]'],
    [
      { targetScale: [1, 1], targetAspect: [1, 1] },
      'jepaBlocks: `targetScale` must be so small that a target leaves some of 4 x 4 patches, got 1',
    ],
  ];
  for (const [options, message] of failures) expect(() => jepaBlocks({ gridSize: 4, ...options })).toThrow(message);
  expect(() => jepaBlocks({ gridSize: 4 })({ count: 0 }, createRng(0))).toThrow('jepaBlocks: `count` must be an integer >= 1, got 0');
});
