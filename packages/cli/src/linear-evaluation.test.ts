import { createRng, drawUniform } from '@selfsup/core';
import { arrayImages } from '@selfsup/data';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { rawPixels, type Encoder } from './encode-images.ts';
import { DEFAULT_L2, evaluateLinearly } from './linear-evaluation.ts';
import type { Output } from './output/output.ts';

const SIDE = 12;
/** Noise in which the first pixels are a little brighter in class 1. */
const images = (count: number, seed: number) => {
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const noise = drawUniform(createRng(seed), count * SIDE * SIDE, { max: 170 });
  const pixels = Uint8Array.from(noise, (value, i) => value + (i % (SIDE * SIDE) < 2 ? 80 * labels[Math.floor(i / (SIDE * SIDE))]! : 0));
  return arrayImages(pixels, [count, SIDE, SIDE, 1], { labels });
};
const data = { train: images(250, 1), test: images(400, 2), mean: [0.4], std: [0.25] };
const stages: string[] = [];
const output: Output = {
  json: false,
  event: () => undefined,
  line: () => undefined,
  warn: () => undefined,
  stage(name, { total }) {
    let last = 0;
    return { update: (done) => (last = done), end: () => stages.push(`${name} ${last}/${total}`) };
  },
};
const options = { maxIterations: 300, seed: 0, output, what: 'pixels' };

describe('evaluateLinearly', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('chooses the penalty on training images that it held out: more of it where noise is fitted otherwise', async () => {
    const fixed: number[] = [];
    for (const l2 of DEFAULT_L2) fixed.push((await evaluateLinearly(rawPixels, data, { ...options, l2: [l2] })).accuracy);
    const { numTensors } = tf.memory();
    const swept = await evaluateLinearly(rawPixels, data, { ...options, l2: DEFAULT_L2 });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(swept.accuracy).toBe(fixed[DEFAULT_L2.indexOf(swept.l2)]); // fitted to all training images in the end
    expect(swept.accuracy).toBeGreaterThan(fixed[0]!);
    expect(swept.converged).toBe(true);
    expect(stages.at(-1)).toBe('Fitting linear classifiers (pixels) 6/6');
    expect(await evaluateLinearly(rawPixels, data, { ...options, l2: [...DEFAULT_L2].reverse() })).toEqual(swept);
  });

  it('takes features as at inference, of each image once', async () => {
    const seen: [number, boolean][] = [];
    const encoder: Encoder = {
      ...rawPixels,
      apply: (input, apply) => {
        seen.push([input.shape[0], apply.training]);
        return rawPixels.apply(input, apply);
      },
    };
    await evaluateLinearly(encoder, data, { ...options, l2: DEFAULT_L2 });
    expect(seen).toEqual([[250, false], [250, false], [150, false]]); // prettier-ignore
  });
});
