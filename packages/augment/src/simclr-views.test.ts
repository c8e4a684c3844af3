import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compose } from './compose.ts';
import { normalize } from './normalize.ts';
import { recipes } from './recipes.ts';
import { simclrViews } from './simclr-views.ts';
import { views } from './views.ts';

describe('recipes.simclr', () => {
  // google-research/simclr: tf2/data_util.py (ImageNet), README (CIFAR-10: --color_jitter_strength=0.5 --use_blur=False)
  it('has the published numbers', () => {
    const shared = { crop: { scale: [0.08, 1], ratio: [3 / 4, 4 / 3], flipProbability: 0.5 }, grayscale: { probability: 0.2 } };
    const [imagenet, cifar] = (['imagenet', 'cifar'] as const).map((variant) => recipes.simclr[variant].global);
    expect(imagenet![1]).toEqual(imagenet![0]);
    expect(cifar![1]).toEqual(cifar![0]);
    expect({ cifar: cifar![0], imagenet: imagenet![0] }).toEqual({
      cifar: {
        ...shared,
        size: 32,
        colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, probability: 0.8, order: 'random' },
      },
      imagenet: {
        ...shared,
        size: 224,
        crop: { ...shared.crop, interpolation: 'bicubic-tensorflow', antialias: false },
        colorJitter: { brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.2, probability: 0.8, order: 'random' },
        blur: { probability: 0.5, sigma: [0.1, 2] },
      },
    });
  });
});

describe('simclrViews', () => {
  it.each([1, 3])('makes views that differ, in [0, 1], of %i channels', (channels) => {
    const images = tf.randomUniform<tf.Rank.R4>([4, 12, 16, channels], 0, 1, 'float32', 1);
    for (const preset of ['cifar', 'imagenet'] as const) {
      const made = simclrViews({ preset, size: [8, 10], numViews: 3 })(images, createRng(0));
      expect(made.map(({ shape }) => shape)).toEqual(Array(3).fill([4, 8, 10, channels]));
      const values = made.map((view) => Float32Array.from(view.dataSync()));
      for (const view of values) expect(view.every((value) => value >= -1e-6 && value <= 1 + 1e-6)).toBe(true);
      expect(values[0]).not.toEqual(values[1]);
      expect(values[1]).not.toEqual(values[2]);
      tf.dispose(made);
    }
    images.dispose();
  });

  it('normalizes in the end', () => {
    const images = tf.randomUniform<tf.Rank.R4>([3, 8, 8, 3], 0, 1, 'float32', 2);
    const statistics = { mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 2] };
    const [plain] = simclrViews({ preset: 'cifar', size: 8, numViews: 1 })(images, createRng(4)) as [tf.Tensor4D];
    const [standard] = simclrViews({ preset: 'cifar', size: 8, normalize: statistics, numViews: 1 })(images, createRng(4)) as [tf.Tensor4D];
    const got = standard.dataSync();
    plain.dataSync().forEach((value, i) => {
      expect(got[i]).toBeCloseTo((value - statistics.mean[i % 3]!) / statistics.std[i % 3]!, 4);
    });
    tf.dispose([images, plain, standard]);
  });

  it('says what is wrong', () => {
    expect(() => simclrViews({ preset: 'mnist' as 'cifar', size: 8 })).toThrow(
      'simclrViews: `preset` must be one of imagenet, cifar, solo-cifar, got "mnist"',
    );
    expect(() => simclrViews({ preset: 'cifar', size: 8, numViews: 0 })).toThrow('`numViews` must be an integer >= 1, got 0');
    expect(() => normalize({ mean: [0], std: [1, 2] })).toThrow('got 1 and 2');
    expect(() => normalize({ mean: [0], std: [0] })).toThrow('`std` > 0');
    tf.tidy(() => {
      const gray = tf.zeros<tf.Rank.R4>([1, 2, 2, 1]);
      expect(() => normalize({ mean: [0, 0, 0], std: [1, 1, 1] })(gray, createRng(0))).toThrow('must have 3 channels, got 1');
    });
  });
});

describe('compose and views', () => {
  it('give each augmentation and each view randomness of its own', () => {
    const seen: number[] = [];
    const spy = (images: tf.Tensor4D, rng: { seed(): number }) => {
      seen.push(rng.seed());
      return tf.add<tf.Tensor4D>(images, 1);
    };
    const images = tf.zeros<tf.Rank.R4>([1, 1, 1, 1]);
    const made = views([compose([spy, spy]), compose([spy]), compose([])])(images, createRng(0));
    expect(made.map((view) => view.dataSync()[0])).toEqual([2, 1, 0]);
    expect(new Set(seen).size).toBe(3);
    tf.dispose([images, ...made]);
    expect(() => views([spy], { numViews: 2 })).toThrow('views: `augmentations` must have one entry for each of 2 views, got 1');
  });
});
