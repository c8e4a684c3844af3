import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SHAPE_CLASSES } from './outline.ts';
import { rotation } from './rotation.ts';
import { shapes } from './shapes.ts';

const first = (count: number) => Array.from({ length: count }, (_, i) => i);
const rows = async (count: number, options: { seed: number; split?: 'train' | 'test'; size?: number }) =>
  (await shapes({ count, ...options }).read(first(count))).pixels;

/** `[n, 8, 8, 3]`: the sums over blocks of 4×4 pixels, over 4, so that their squared distance is never above that of the pixels. */
function blocks(pixels: Uint8Array): Float32Array {
  const out = new Float32Array(pixels.length / 16);
  for (let i = 0; i < pixels.length; i++) {
    const x = Math.floor(i / 3) % 32;
    const y = Math.floor(i / 96) % 32;
    out[Math.floor(i / 3072) * 192 + ((y >> 2) * 8 + (x >> 2)) * 3 + (i % 3)]! += pixels[i]! / 4;
  }
  return out;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>, at: { i: number; j: number; width: number; stop: number }): number {
  let sum = 0;
  for (let d = 0, i = at.i * at.width, j = at.j * at.width; d < at.width && sum < at.stop;) {
    for (const end = Math.min(at.width, d + 64); d < end; d++) {
      const difference = a[i + d]! - b[j + d]!;
      sum += difference * difference;
    }
  }
  return sum;
}

/** Percentage of test rows whose class is that of most of their 5 nearest training rows; row i has class i mod 10. */
function fiveNearest(train: ArrayLike<number>, test: ArrayLike<number>, width: number, bound?: [Float32Array, Float32Array]): number {
  let right = 0;
  for (let j = 0; j < test.length / width; j++) {
    const best = new Array<number>(5).fill(Infinity);
    const label = new Array<number>(5).fill(-1);
    for (let i = 0; i < train.length / width; i++) {
      const stop = best[4]!;
      if (bound && squaredDistance(bound[0], bound[1], { i, j, width: 192, stop }) >= stop) continue;
      const distance = squaredDistance(train, test, { i, j, width, stop });
      if (distance >= stop) continue;
      let at = 4;
      for (; at > 0 && best[at - 1]! > distance; at--) {
        best[at] = best[at - 1]!;
        label[at] = label[at - 1]!;
      }
      best[at] = distance;
      label[at] = i % 10;
    }
    const votes = new Array<number>(10).fill(0);
    for (const name of label) votes[name]!++;
    if (votes.indexOf(Math.max(...votes)) === j % 10) right++;
  }
  return (100 * right) / (test.length / width);
}
const means = (pixels: Uint8Array): Float32Array =>
  Float32Array.from({ length: (pixels.length / 3072) * 3 }, (_, i) => {
    let sum = 0;
    for (let p = 0; p < 1024; p++) sum += pixels[Math.floor(i / 3) * 3072 + p * 3 + (i % 3)]!;
    return sum / 1024;
  });

describe('shapes', () => {
  it('has ten classes in two families, as many images of each', () => {
    const { labels, classNames, length, height, width, channels } = shapes({ count: 25, seed: 0 });
    expect([length, height, width, channels]).toEqual([25, 32, 32, 3]);
    expect([...labels!]).toEqual(first(25).map((i) => i % 10));
    expect(new Set(classNames).size).toBe(10);
    expect(SHAPE_CLASSES.map(({ family }) => family)).toEqual([
      ...new Array<string>(5).fill('straight'),
      ...new Array<string>(5).fill('round'),
    ]);
  });

  it('is the same to the bit, whatever is read and in which order', async () => {
    const whole = await rows(40, { seed: 1 });
    const other = shapes({ count: 1000, seed: 1 });
    const some = await other.read([39, 0, 39]);
    expect([...some.indices]).toEqual([39, 0, 39]);
    for (const [row, i] of [39, 0, 39].entries())
      expect(some.pixels.subarray(row * 3072, (row + 1) * 3072)).toEqual(whole.subarray(i * 3072, (i + 1) * 3072));
    expect(await rows(40, { seed: 1, split: 'test' })).not.toEqual(whole);
    expect(await rows(40, { seed: 2 })).not.toEqual(whole);
    const hash = createHash('sha256')
      .update(await rows(100, { seed: 0 }))
      .digest('hex');
    expect(hash).toBe('be10736304f6933df0ea80e7bdb38ff27fafeab799d7c7aab05bc48d4abdf959'); // these very pictures, on every machine: a change of this is a change for the user
  });

  it('gives every image pixels of its own', async () => {
    const pixels = await rows(500, { seed: 0 });
    const seen = new Set(
      first(500).map((i) =>
        createHash('sha256')
          .update(pixels.subarray(i * 3072, (i + 1) * 3072))
          .digest('hex'),
      ),
    );
    expect(seen.size).toBe(500);
  });

  it('draws the same scene at other sizes', async () => {
    const [small, large] = [await rows(20, { seed: 0 }), await rows(20, { seed: 0, size: 64 })];
    // averaging 2×2 pixels of the large picture gives the small one, but for noise and the finer edges
    let sum = 0;
    for (let image = 0; image < 20; image++)
      for (let y = 0; y < 32; y++)
        for (let x = 0; x < 32; x++) {
          const at = (dx: number, dy: number) => large[((image * 64 + 2 * y + dy) * 64 + 2 * x + dx) * 3]!;
          sum += Math.abs((at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4 - small[((image * 32 + y) * 32 + x) * 3]!);
        }
    expect(sum / (20 * 1024)).toBeLessThan(6);
  });

  it('cannot be told apart by mean color, and badly by pixels', async () => {
    const [train, test] = [await rows(4000, { seed: 0 }), await rows(1000, { seed: 0, split: 'test' })];
    expect(fiveNearest(means(train), means(test), 3)).toBeLessThan(15); // chance is 10
    const gray = (pixels: Uint8Array) =>
      means(pixels).reduce((all, value, i) => ((all[Math.floor(i / 3)]! += value), all), new Float32Array(pixels.length / 3072));
    expect(fiveNearest(gray(train), gray(test), 1)).toBeLessThan(15);
    const raw = fiveNearest(train, test, 3072, [blocks(train), blocks(test)]);
    expect(raw).toBeLessThan(60);
    expect(raw).toBeGreaterThan(15); // far from chance: the classes are there
  }, 240_000);

  it('refuses options out of range', () => {
    expect(() => shapes({ count: 0, seed: 0 })).toThrow('shapes: `count` must be an integer >= 1, got 0');
    expect(() => shapes({ count: 1, seed: 0.5 })).toThrow('`seed`');
    expect(() => shapes({ count: 1, seed: 0, size: 4 })).toThrow('`size` must be an integer from 8 to 1024, got 4');
    expect(() => shapes({ count: 1, seed: 0, split: 'val' as 'test' })).toThrow("`split` must be 'train' or 'test', got val");
    expect(() => shapes({ count: 3, seed: 0 }).read([3])).toThrow('shapes.read: `indices[0]` must be an integer from 0 to 2');
  });
});

describe('the outlines', () => {
  it('are inside out of nothing: inside somewhere, outside beyond 1.25, and 1-Lipschitz', () => {
    for (const { name, outline } of SHAPE_CLASSES) {
      let inside = 0;
      for (let x = -1.5; x <= 1.5; x += 0.05)
        for (let y = -1.5; y <= 1.5; y += 0.05) {
          const here = outline(x, y);
          if (here < 0) inside++;
          if (Math.hypot(x, y) > 1.25) expect(here, `${name} at ${x}, ${y}`).toBeGreaterThan(0);
          if (name !== 'ellipse') expect(Math.abs(outline(x + 0.01, y) - here), name).toBeLessThanOrEqual(0.01 + 1e-9);
        }
      const area = inside * 0.05 ** 2;
      expect(area, name).toBeGreaterThan(0.7);
      expect(area, name).toBeLessThan(2.7);
    }
  });

  it('rotation is cos and sin', () => {
    for (let turns = -2; turns <= 2; turns += 0.013) {
      const [cos, sin] = rotation(turns);
      expect(Math.abs(cos - Math.cos(2 * Math.PI * turns))).toBeLessThan(1e-12);
      expect(Math.abs(sin - Math.sin(2 * Math.PI * turns))).toBeLessThan(1e-12);
    }
  });
});
