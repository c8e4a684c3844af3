import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hogFeatures } from './hog-features.ts';

interface Fixture {
  meta: { skimage: string };
  cases: { shape: [number, number, number, number]; cellSize: number; numBins: number; images: number[]; expected: number[] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/hog.json', import.meta.url), 'utf8')) as Fixture;

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(fixture.cases)(
    `are those of scikit-image ${fixture.meta.skimage}: cells of $cellSize, $numBins bins`,
    ({ shape, images, expected, ...options }) => {
      tf.tidy(() => {
        const features = hogFeatures(options)(tf.tensor4d(images, shape));
        const { cellSize, numBins } = options;
        expect(features.shape).toEqual([shape[0], shape[1] / cellSize, shape[2] / cellSize, shape[3] * numBins]);
        const actual = [...features.dataSync()];
        expected.forEach((value, i) => {
          expect(Math.abs(actual[i]! - value), `value ${i}`).toBeLessThan(2e-6);
        });
      });
    },
  );

  it('do not ask how bright an image is, nor how much contrast its channels have', () => {
    tf.tidy(() => {
      const { shape, images } = fixture.cases[0]!;
      const given = tf.tensor4d(images, shape);
      const describeImage = hogFeatures({ cellSize: 4 });
      const changed = describeImage(tf.add(tf.mul(given, tf.tensor1d([0.5, 4, 20])), 3));
      expect(tf.max(tf.abs(tf.sub(changed, describeImage(given)))).dataSync()[0]).toBeLessThan(1e-3);
    });
  });
});

it('says what is wrong', () => {
  const images = tf.zeros<tf.Rank.R4>([1, 8, 6, 3]);
  expect(() => hogFeatures({ cellSize: 0 })).toThrow('hogFeatures: `cellSize` must be an integer >= 1, got 0');
  expect(() => hogFeatures({ numBins: 1 })).toThrow('hogFeatures: `numBins` must be an integer >= 2, got 1');
  expect(() => hogFeatures({ cellSize: 4 })(images)).toThrow(
    'hogFeatures: `images` must have sides that are multiples of `cellSize` 4, got [1, 8, 6, 3]',
  );
  images.dispose();
});
