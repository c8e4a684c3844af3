import { describe, expect, it } from 'vitest';
import { shapes } from './shapes.ts';
import { shapesWithMasks } from './shapes-with-masks.ts';

describe('shapesWithMasks', () => {
  it('knows where the shape of each image of shapes is', async () => {
    const indices = Array.from({ length: 20 }, (_, i) => i);
    const { images, readMasks, pixelClasses } = shapesWithMasks({ count: 20, seed: 3 });
    const [{ pixels }, plain] = [await images.read(indices), await shapes({ count: 20, seed: 3 }).read(indices)];
    expect(pixels).toEqual(plain.pixels);
    expect(pixelClasses.slice(0, 2)).toEqual(['background', images.classNames![0]]);
    const masks = readMasks(indices);
    // on the shape's own side of its border a pixel looks more like its side than like the other one, in most images
    let apart = 0;
    for (const i of indices) {
      const mask = masks.subarray(i * 1024, (i + 1) * 1024);
      expect(new Set(mask)).toEqual(new Set([0, (i % 10) + 1]));
      const share = mask.filter((value) => value > 0).length / 1024;
      expect(share > 0.02 && share < 0.6).toBe(true);
      const means = [0, 1].map((side) =>
        [0, 1, 2].map((channel) => {
          const values = [...mask.keys()].filter((p) => Number(mask[p]! > 0) === side).map((p) => pixels[(i * 1024 + p) * 3 + channel]!);
          return values.reduce((sum, value) => sum + value, 0) / values.length;
        }),
      );
      apart += Number(means[0]!.some((value, channel) => Math.abs(value - means[1]![channel]!) > 25));
    }
    expect(apart).toBeGreaterThan(15);
    expect(readMasks([7])).toEqual(masks.slice(7 * 1024, 8 * 1024));
  });

  it('refuses what is not an image', () => {
    expect(() => shapesWithMasks({ count: 5, seed: 0 }).readMasks([5])).toThrow('shapesWithMasks.readMasks');
  });
});
