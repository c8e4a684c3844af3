import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compose } from './compose.ts';
import { multiCrop } from './multi-crop.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomSolarize } from './random-solarize.ts';
import { solarize } from './solarize.ts';

describe('solarize', () => {
  // torchvision.transforms.functional.solarize on float tensors: where(x >= threshold, 1 - x, x)
  it.each([
    { threshold: undefined, expected: [0, 0.25, 0.5 - 2 ** -24, 0.5, 0.25, 0] },
    { threshold: 0.25, expected: [0, 0.75, 0.5 + 2 ** -24, 0.5, 0.25, 0] },
    { threshold: 0, expected: [1, 0.75, 0.5 + 2 ** -24, 0.5, 0.25, 0] },
    { threshold: 2, expected: [0, 0.25, 0.5 - 2 ** -24, 0.5, 0.75, 1] },
  ])('inverts from the threshold on, the threshold included ($threshold)', ({ threshold, expected }) => {
    const pixels = [0, 0.25, 0.5 - 2 ** -24, 0.5, 0.75, 1];
    const images = tf.tensor4d([...pixels, ...pixels], [2, 1, 2, 3]);
    const changed = solarize(images, [true, false], threshold === undefined ? {} : { threshold });
    expect([...changed.dataSync()]).toEqual([...expected, ...pixels]);
    tf.dispose([images, changed]);
  });

  it('says what is wrong', () => {
    tf.tidy(() => {
      const images = tf.zeros<tf.Rank.R4>([2, 2, 2, 3]);
      expect(() => solarize(images, [true])).toThrow('solarize: `chosen` must have 2 entries for these images, got 1');
      expect(() => solarize(images, [true, true], { threshold: NaN })).toThrow('solarize: `threshold` must be finite, got NaN');
      expect(() => randomSolarize({ probability: 2 })).toThrow('`probability` must be in [0, 1], got 2');
    });
  });
});

describe('multiCrop', () => {
  const images = () => tf.randomUniform<tf.Rank.R4>([3, 12, 12, 3], 0, 1, 'float32', 1);
  const global = randomResizedCrop({ size: 8, scale: [0.4, 1] });
  const local = randomResizedCrop({ size: [4, 5], scale: [0.05, 0.4] });

  it('makes views of two sizes, each with randomness of its own', () => {
    const batch = images();
    const { globalViews, localViews } = multiCrop({ global, local })(batch, createRng(3));
    expect(globalViews.map(({ shape }) => shape)).toEqual(Array(2).fill([3, 8, 8, 3]));
    expect(localViews.map(({ shape }) => shape)).toEqual(Array(6).fill([3, 4, 5, 3]));
    const seen = [...globalViews, ...localViews].map((view) => view.dataSync().join());
    expect(new Set(seen).size).toBe(8);
    tf.dispose([batch, globalViews, localViews]);
  });

  it('draws the global views alike whatever the number of local ones', () => {
    const batch = images();
    const few = multiCrop({ global, local, numLocalViews: 1 })(batch, createRng(3));
    const many = multiCrop({ global, local, numLocalViews: 3 })(batch, createRng(3));
    expect(few.globalViews.map((view) => view.dataSync())).toEqual(many.globalViews.map((view) => view.dataSync()));
    expect(few.localViews[0]!.dataSync()).toEqual(many.localViews[0]!.dataSync());
    tf.dispose([batch, few.globalViews, few.localViews, many.globalViews, many.localViews]);
  });

  it('takes one augmentation per view', () => {
    const batch = images();
    const { globalViews, localViews } = multiCrop({ global: [global, compose([])], local: [local] })(batch, createRng(0));
    expect(globalViews[1]!.dataSync()).toEqual(batch.dataSync());
    expect(localViews).toHaveLength(1);
    tf.dispose([batch, globalViews, localViews]);
    expect(() => multiCrop({ global, local, numLocalViews: 0 })).toThrow('`numViews` must be an integer >= 1, got 0');
    expect(() => multiCrop({ global: [global], local, numGlobalViews: 2 })).toThrow('one entry for each of 2 views, got 1');
  });
});
