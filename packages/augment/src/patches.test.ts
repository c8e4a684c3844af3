import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { patchPairs } from './patch-pairs.ts';
import { rotate90 } from './rotate90.ts';
import { rotations } from './rotations.ts';
import { tiles } from './tiles.ts';

/** Images whose pixel at (y, x) of image i is [y, x, i]: a patch says where it comes from. */
function coordinates(n: number, height: number, width: number): tf.Tensor4D {
  const values = Array.from({ length: n * height * width }, (_, at) => [
    Math.floor(at / width) % height,
    at % width,
    Math.floor(at / (width * height)),
  ]);
  return tf.tensor4d(values.flat(), [n, height, width, 3]);
}

/** The [y, x, i] of each patch's corner, after checking that the patch is a square of neighboring pixels. */
function cornersOf(patches: tf.Tensor, size: number): number[][] {
  const values = patches.dataSync();
  const count = values.length / (size * size * 3);
  return Array.from({ length: count }, (_, p) => {
    const pixel = (y: number, x: number) => [...values.subarray(((p * size + y) * size + x) * 3, ((p * size + y) * size + x) * 3 + 3)];
    const [top, left, image] = pixel(0, 0) as [number, number, number];
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) expect(pixel(y, x)).toEqual([top + y, left + x, image]);
    return [top, left, image];
  });
}

describe('rotate90 and rotations', () => {
  // numpy.rot90([[1, 2], [3, 4]], k)
  const quarters = [
    [1, 2, 3, 4],
    [2, 4, 1, 3],
    [4, 3, 2, 1],
    [3, 1, 4, 2],
  ];

  it('rotates counter-clockwise, any number of turns', () => {
    const images = tf.tensor4d(Array(6).fill([1, 2, 3, 4]).flat() as number[], [6, 2, 2, 1]);
    const rotated = rotate90(images, [0, 1, 2, 3, -1, 6]);
    expect([...rotated.dataSync()]).toEqual([0, 1, 2, 3, 3, 2].flatMap((turn) => quarters[turn]!));
    tf.dispose([images, rotated]);
  });

  it('makes all four of each image', () => {
    const batch = tf.tensor4d([1, 2, 3, 4, 10, 20, 30, 40], [2, 2, 2, 1]);
    const { images, labels } = rotations(batch);
    expect([...images.dataSync()]).toEqual(quarters.flatMap((quarter) => [...quarter, ...quarter.map((value) => 10 * value)]));
    expect([...labels.dataSync()]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(labels.dtype).toBe('int32');
    tf.dispose([batch, images, labels]);
  });

  it('turns images that are not square upside down only', () => {
    const images = coordinates(1, 2, 3);
    const rotated = rotate90(images, [2]);
    expect([...rotated.dataSync()].slice(0, 3)).toEqual([1, 2, 0]);
    expect(() => rotate90(images, [1])).toThrow('rotate90: `images` must be square for an odd turn, got 2×3');
    expect(() => rotate90(images, [0.5])).toThrow('`turns` must be integers, got 0.5 for image 0');
    expect(() => rotate90(images, [0, 1])).toThrow('`turns` must have 1 entries for these images, got 2');
    tf.dispose([images, rotated]);
  });
});

describe('tiles', () => {
  it('cuts one tile out of each cell, at any place in it', () => {
    const images = coordinates(40, 32, 34);
    const puzzle = tiles({ size: 8, standardize: false })(images, createRng(0));
    expect(puzzle.shape).toEqual([40, 9, 8, 8, 3]);
    const seen = [new Set<number>(), new Set<number>()];
    cornersOf(puzzle, 8).forEach(([top, left, image], i) => {
      const within = [top! - 1 - 10 * Math.floor((i % 9) / 3), left! - 11 * (i % 3)]; // cells of 10 × 11, one row cut off above
      within.forEach((offset, axis) => seen[axis]!.add(offset));
      expect(image).toBe(Math.floor(i / 9));
    });
    expect([...seen[0]!].sort()).toEqual([0, 1, 2]);
    expect([...seen[1]!].sort()).toEqual([0, 1, 2, 3]);
    tf.dispose([images, puzzle]);
  });

  it('takes the middle without jitter', () => {
    const images = coordinates(1, 20, 20);
    const puzzle = tiles({ size: 8, grid: 2, jitter: false, standardize: false })(images, createRng(0));
    expect(cornersOf(puzzle, 8)).toEqual([
      [1, 1, 0],
      [1, 11, 0],
      [11, 1, 0],
      [11, 11, 0],
    ]);
    tf.dispose([images, puzzle]);
  });

  it('standardizes each tile per channel, and leaves uniform ones 0', () => {
    const images = tf.tidy(() =>
      tf.concat([tf.randomUniform<tf.Rank.R4>([1, 12, 12, 2], 0, 1, 'float32', 1), tf.fill<tf.Rank.R4>([1, 12, 12, 2], 0.3)]),
    );
    const puzzle = tiles({ size: 4 })(images, createRng(0));
    const values = puzzle.dataSync();
    for (let tile = 0; tile < 18; tile++)
      for (const channel of [0, 1]) {
        const pixels = Array.from({ length: 16 }, (_, i) => values[(tile * 16 + i) * 2 + channel]!);
        const mean = pixels.reduce((sum, value) => sum + value, 0) / 16;
        expect(mean).toBeCloseTo(0, 2);
        expect(pixels.reduce((sum, value) => sum + value ** 2, 0) / 16).toBeCloseTo(tile < 9 ? 1 : 0, 3);
      }
    tf.dispose([images, puzzle]);
  });

  it('depends on the rng and the place in the batch alone', () => {
    const images = coordinates(4, 12, 12);
    const cut = (rng: number, count: number) =>
      tf.tidy(() => tiles({ size: 3, standardize: false })(tf.slice(images, [0], [count]), createRng(rng)).dataSync());
    expect(cut(1, 2)).toEqual(cut(1, 4).slice(0, 2 * 9 * 27));
    expect(cut(2, 4)).not.toEqual(cut(1, 4));
    expect(() => tiles({ size: 5 })(images, createRng(0))).toThrow('at least 15×15 pixels for 3×3 tiles of 5, got 12×12');
    expect(() => tiles({ size: 0 })).toThrow('tiles: `size` must be an integer >= 1, got 0');
    images.dispose();
  });
});

describe('patchPairs', () => {
  const directions = [
    [-1, -1],
    [-1, 0],
    [-1, 1],
    [0, -1],
    [0, 1],
    [1, -1],
    [1, 0],
    [1, 1],
  ] as const;

  it.each([{ jitter: 0 }, { jitter: 1 }])('cuts a patch and the neighbor that its label names ($jitter)', ({ jitter }) => {
    const n = 400;
    const images = coordinates(n, 34, 33);
    const { first, second, labels } = patchPairs({ size: 8, gap: 3, jitter, standardize: false })(images, createRng(5));
    const [from, to] = [cornersOf(first, 8), cornersOf(second, 8)];
    const counts = Array<number>(8).fill(0);
    labels.dataSync().forEach((label, i) => {
      counts[label]!++;
      expect([from[i]![2], to[i]![2]]).toEqual([i, i]);
      for (const axis of [0, 1] as const)
        expect(Math.abs(to[i]![axis]! - from[i]![axis]! - 11 * directions[label]![axis])).toBeLessThanOrEqual(2 * jitter);
    });
    expect(Math.min(...counts)).toBeGreaterThan(50 - 4 * Math.sqrt(n * (1 / 8) * (7 / 8)));
    const moved = to.some((place, i) => (place[0]! - from[i]![0]!) % 11 !== 0);
    expect(moved).toBe(jitter > 0);
    tf.dispose([images, first, second, labels]);
  });

  it('cuts several pairs out of each image, each placed for itself', () => {
    const images = coordinates(5, 40, 40);
    const { first, second, labels } = patchPairs({ size: 8, gap: 3, jitter: 1, pairsPerImage: 3, standardize: false })(
      images,
      createRng(2),
    );
    const [from, to] = [cornersOf(first, 8), cornersOf(second, 8)];
    expect(labels.shape).toEqual([15]);
    from.forEach((place, row) => {
      expect([place[2], to[row]![2]]).toEqual([row % 5, row % 5]);
    });
    for (let i = 0; i < 5; i++) expect(new Set([0, 5, 10].map((row) => String([from[row + i], to[row + i]]))).size).toBe(3);
    tf.dispose([images, first, second, labels]);
  });

  it('says what is wrong', () => {
    const images = coordinates(1, 31, 40);
    expect(() => patchPairs({ size: 8, pairsPerImage: 0 })).toThrow('patchPairs: `pairsPerImage` must be an integer >= 1, got 0');
    expect(() => patchPairs({ size: 8, gap: 3, jitter: 1 })(images, createRng(0))).toThrow(
      'at least 32×32 pixels for patches of 8 with gap 3 and jitter 1, got 31×40',
    );
    expect(() => patchPairs({ size: 8, gap: -1 })).toThrow('patchPairs: `gap` must be an integer >= 0, got -1');
    images.dispose();
  });
});
