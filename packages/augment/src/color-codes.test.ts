import { readFileSync } from 'node:fs';
import { createRng, drawUniform } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { colorBins } from './color-bins.ts';
import { codeOnDevice, colorCodes } from './color-codes.ts';
import { colorWeights } from './color-weights.ts';
import { rgbToLab } from './rgb-to-lab.ts';

interface Fixture {
  colors: number[];
  lab: number[];
  numBins: Readonly<Record<string, number>>;
  bins: number[];
  nearest: number[][];
  shares: number[][];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/color-codes.json', import.meta.url), 'utf8')) as Fixture;
const count = fixture.colors.length / 3;
const distance = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value)));
/** One image per color, of one pixel. */
const pixels = (colors: readonly number[]): tf.Tensor4D => tf.tensor4d([...colors], [colors.length / 3, 1, 1, 3]);

describe('rgbToLab', () => {
  it('equals float64 for black, white, red, and random colors', () => {
    tf.tidy(() => {
      const lab = rgbToLab(pixels(fixture.colors)).dataSync();
      expect(distance(lab, fixture.lab)).toBeLessThan(1e-3);
      expect(distance(lab.subarray(6, 9), [53.2406, 80.0923, 67.2028])).toBeLessThan(1e-3); // skimage's red
    });
  });

  it('refuses what is no RGB image', () => {
    tf.tidy(() => {
      expect(() => rgbToLab(tf.zeros([1, 2, 2, 1]))).toThrow('rgbToLab: `images` must have 3 channels, got 1');
      expect(() => rgbToLab(tf.zeros([1, 2, 2, 3], 'int32'))).toThrow('rgbToLab: `images` must be float32, got int32');
    });
  });
});

describe('colorBins', () => {
  it('gives the bins of the fixture, for several steps', () => {
    expect(colorBins().flat()).toEqual(fixture.bins);
    for (const [step, length] of Object.entries(fixture.numBins)) expect(colorBins({ gridStep: Number(step) }).length).toBe(length);
    expect(() => colorBins({ gridStep: 0 })).toThrow('`gridStep` must be a number > 0, got 0');
  });
});

describe('colorCodes', () => {
  it('spreads a color over its five nearest bins as numpy does', () => {
    tf.tidy(() => {
      const coding = colorCodes({ outputSize: 1 });
      const { codes, labels } = coding(pixels(fixture.colors));
      const rows = codes.arraySync();
      for (let i = 0; i < count; i++) {
        const [nearest, shares] = [fixture.nearest[i]!, fixture.shares[i]!];
        expect(nearest.map((bin) => rows[i]![bin]!)).toSatisfy((actual: number[]) => distance(actual, shares) < 1e-4);
        expect(rows[i]!.filter((share) => share > 0)).toHaveLength(5);
        expect(labels.arraySync()[i]).toBe(nearest[0]);
      }
    });
  });

  it('gives the same by operations of the backend, where nothing can be read without waiting', () => {
    tf.tidy(() => {
      const images = tf.tensor4d(drawUniform(createRng(5), 2 * 8 * 8 * 3), [2, 8, 8, 3]);
      const weights = Float32Array.from(colorBins(), (_, bin) => 1 + bin / 100);
      const expected = colorCodes({ outputSize: 4, weights })(images);
      const ab = tf.slice(rgbToLab(images), [0, 0, 0, 1], [2, 8, 8, 2]);
      const found = codeOnDevice(tf.avgPool<tf.Tensor4D>(ab, 2, 2, 'valid'), { bins: colorBins(), neighbors: 5, sigma: 5, weights });
      expect([found.labels.dtype, found.labels.arraySync()]).toEqual(['int32', expected.labels.arraySync()]);
      for (const name of ['codes', 'weights'] as const) {
        expect(found[name].shape).toEqual(expected[name].shape);
        expect(tf.max(tf.abs(tf.sub<tf.Tensor>(found[name], expected[name]))).dataSync()[0]).toBeLessThan(1e-5);
      }
    });
  });

  it('keeps the lightness and averages the colors of a cell', () => {
    tf.tidy(() => {
      const images = tf.randomUniform<tf.Rank.R4>([2, 4, 8, 3], 0, 1, 'float32', 1);
      const coding = colorCodes({ outputSize: 2, gridStep: 20, neighbors: 1 });
      const { lightness, labels, weights } = coding(images);
      const lab = rgbToLab(images).arraySync();
      expect(
        distance(
          lightness.dataSync(),
          lab.flat(2).flatMap(([l]) => [l! / 100, l! / 100, l! / 100]),
        ),
      ).toBeLessThan(1e-6);
      const cell = [0, 1].flatMap((row) => [4, 5, 6, 7].map((column) => lab[1]![row]![column]!)); // of the second image, above right
      const mean = [1, 2].map((c) => cell.reduce((sum, color) => sum + color[c]! / cell.length, 0));
      const bin = coding.bins[labels.arraySync()[5]!]!;
      expect(Math.max(Math.abs(bin[0] - mean[0]!), Math.abs(bin[1] - mean[1]!))).toBeLessThanOrEqual(10);
      expect([...weights.dataSync()]).toEqual(Array(8).fill(1));
    });
  });

  it('refuses options and images that do not fit', () => {
    expect(() => colorCodes({ outputSize: 0 })).toThrow('colorCodes: `outputSize` must be an integer >= 1, got 0');
    expect(() => colorCodes({ outputSize: 1, sigma: 0 })).toThrow('colorCodes: `sigma` must be > 0, got 0');
    expect(() => colorCodes({ outputSize: 1, gridStep: 60, neighbors: 15 })).toThrow('`neighbors` must be at most 14');
    expect(() => colorCodes({ outputSize: 1, weights: [1] })).toThrow('`weights` must be 261 finite numbers >= 0, got 1');
    for (const bad of [-1, NaN, Infinity])
      expect(() => colorCodes({ outputSize: 1, weights: Array<number>(261).fill(1).fill(bad, 3, 4) })).toThrow(
        `>= 0, got ${bad} among them`,
      );
    tf.tidy(() => {
      expect(() => colorCodes({ outputSize: 3 })(tf.zeros([1, 9, 8, 3]))).toThrow('multiples of `outputSize` 3, got 9×8');
    });
  });
});

describe('colorWeights', () => {
  const coding = colorCodes({ outputSize: 1, gridStep: 30 });
  const gray = () => pixels([0.5, 0.5, 0.5]);
  const red = () => pixels([1, 0, 0]);

  it('weighs a rare color more, with mean 1 over the colors', async () => {
    const batches = [gray(), gray(), gray(), red()];
    const weights = await colorWeights(batches, { coding, sigma: 1 }); // narrow: nothing flows into neighbors
    const [grayBin, redBin] = tf.tidy(() => [gray(), red()].map((image) => coding(image).labels.dataSync()[0]!)) as [number, number];
    const rarity = (share: number) => 1 / (0.5 * share + 0.5 / coding.bins.length);
    expect(weights[redBin]! / weights[grayBin]!).toBeCloseTo(rarity(0.25) / rarity(0.75), 5);
    expect(0.75 * weights[grayBin]! + 0.25 * weights[redBin]!).toBeCloseTo(1, 5);
    const weighted = tf.tidy(() => colorCodes({ outputSize: 1, gridStep: 30, weights })(red()).weights.dataSync()[0]);
    expect(weighted).toBeCloseTo(weights[redBin]!, 6);
    tf.dispose(batches);
  });

  it('is uniform when all is mixed in, and refuses nothing', async () => {
    const image = red();
    const uniform = await colorWeights([image], { coding, mixing: 1 });
    expect(distance(uniform, Array(coding.bins.length).fill(1))).toBeLessThan(1e-6);
    image.dispose();
    await expect(colorWeights([], { coding })).rejects.toThrow('`batches` must hold at least one batch, got none');
    await expect(colorWeights([], { coding, mixing: 2 })).rejects.toThrow('`mixing` must be in [0, 1], got 2');
  });
});
