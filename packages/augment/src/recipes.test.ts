import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { colorJitter } from './color-jitter.ts';
import { compose } from './compose.ts';
import { randomGrayscale } from './random-grayscale.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { randomSolarize } from './random-solarize.ts';
import { recipeMultiCrop, recipeViews } from './recipe-views.ts';
import type { Recipe, ViewRecipe } from './recipe.ts';
import { recipes, type RecipeName } from './recipes.ts';

/** A view in one line, as papers tabulate them: size, area, jitter with its probability, probabilities of grayscale, blur and solarize. */
function lineOf(view: ViewRecipe): string {
  const { colorJitter: jitter, grayscale, blur, solarize } = view;
  const strengths = jitter && [jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue].join(',');
  return [
    view.size,
    view.crop.scale!.join('–'),
    jitter ? `${strengths} p ${jitter.probability}` : '-',
    grayscale?.probability ?? '-',
    blur?.probability ?? '-',
    solarize?.probability ?? '-',
  ].join(' | ');
}

const twice = (line: string) => [line, line];
const times = (count: number, line: string) => Array.from({ length: count }, () => line);
const asymmetric = ['224 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 1 | -', '224 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 0.1 | 0.2'];
const asymmetricCifar = ['32 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | - | -', '32 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | - | 0.2'];
const mocoV2 = twice('224 | 0.2–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | 0.5 | -');
const soloWeak = twice('224 | 0.08–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | 0.5 | -');
const simclr = twice('224 | 0.08–1 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -');
const dino = (area: string) => [
  `224 | ${area} | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 1 | -`,
  `224 | ${area} | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 0.1 | 0.2`,
];
const dinoLocal = (area: string) => `96 | ${area} | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 0.5 | -`;

const lejepa = [
  ...twice('224 | 0.3–1 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
  ...times(6, '96 | 0.05–0.3 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
];
const published: Record<string, string[]> = {
  'simclr imagenet': simclr,
  'simclr cifar': twice('32 | 0.08–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'simclr solo-cifar': twice('32 | 0.08–1 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
  'moco-v1 imagenet': twice('224 | 0.2–1 | 0.4,0.4,0.4,0.4 p 1 | 0.2 | - | -'),
  'moco-v1 lightly': twice('224 | 0.2–1 | 0.4,0.4,0.4,0.4 p 0.8 | 0.2 | - | -'),
  'moco-v2 imagenet': mocoV2,
  'moco-v2 cifar': twice('32 | 0.08–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'moco-v2 solo': soloWeak,
  'moco-v3 imagenet': asymmetric,
  'moco-v3 cifar': asymmetricCifar,
  'sim-siam imagenet': mocoV2,
  'sim-siam cifar': twice('32 | 0.2–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'sim-siam solo': soloWeak,
  'byol imagenet': asymmetric,
  'byol cifar': asymmetricCifar,
  'pirl imagenet': ['224 | 0.08–1 | 0.4,0.4,0.4,0.2 p 1 | 0.2 | - | -', '224 | 0.6–1 | 0.4,0.4,0.4,0.2 p 1 | 0.2 | - | -'],
  'pirl cifar': ['32 | 0.08–1 | 0.4,0.4,0.4,0.2 p 1 | 0.2 | - | -', '32 | 0.6–1 | 0.4,0.4,0.4,0.2 p 1 | 0.2 | - | -'],
  'ressl imagenet': ['224 | 0.2–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | 0.5 | -', '224 | 0.2–1 | - | - | - | -'],
  'ressl cifar': ['32 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | - | -', '32 | 0.08–1 | - | - | - | -'],
  'barlow-twins imagenet': asymmetric,
  'barlow-twins cifar': asymmetricCifar,
  'nnclr imagenet': asymmetric,
  'nnclr cifar': asymmetricCifar,
  'vicreg imagenet': twice('224 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 0.5 | 0.1'),
  'vicreg cifar': twice('32 | 0.2–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | - | 0.1'),
  'fast-siam imagenet': times(4, mocoV2[0]!),
  'fast-siam cifar': times(4, '32 | 0.2–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'w-mse imagenet': twice('224 | 0.2–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.1 | - | -'),
  'w-mse cifar': twice('32 | 0.2–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.1 | - | -'),
  'emp-ssl imagenet': times(20, '224 | 0.25–0.25 | 0.4,0.4,0.4,0.2 p 0.8 | 0.2 | 0.1 | 0.1'),
  'emp-ssl cifar': times(20, '32 | 0.25–0.25 | 0.4,0.4,0.4,0.2 p 0.8 | 0.2 | 0.1 | 0.1'),
  'emp-ssl 3-patches': times(3, '32 | 0.25–0.25 | 0.4,0.4,0.4,0.2 p 0.8 | 0.2 | 0.1 | 0.1'),
  'emp-ssl 8-patches': times(8, '32 | 0.25–0.25 | 0.4,0.4,0.4,0.2 p 0.8 | 0.2 | 0.1 | 0.1'),
  'emp-ssl 100-patches': times(100, '32 | 0.25–0.25 | 0.4,0.4,0.4,0.2 p 0.8 | 0.2 | 0.1 | 0.1'),
  'lejepa imagenet': lejepa,
  'lejepa cifar': times(4, '32 | 0.08–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'visreg imagenet': lejepa,
  'visreg cifar': times(4, '32 | 0.08–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'vicreg solo': twice('224 | 0.2–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 0.5 | 0.1'),
  'swav imagenet': [
    ...twice('224 | 0.14–1 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
    ...times(6, '96 | 0.05–0.14 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
  ],
  'swav cifar': twice('32 | 0.14–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'swav solo': simclr,
  'dino imagenet': [...dino('0.4–1'), ...times(8, dinoLocal('0.05–0.4'))],
  'dino cifar': asymmetricCifar,
  'dino lightly': [...dino('0.4–1'), ...times(6, dinoLocal('0.05–0.4'))],
  'dino lightly-train': [...dino('0.14–1'), ...times(6, dinoLocal('0.05–0.14'))],
  'ibot imagenet': [...dino('0.32–1'), ...times(10, dinoLocal('0.05–0.32'))],
  'ibot cifar': asymmetricCifar,
  'dino-v2 imagenet': [...dino('0.32–1'), ...times(8, dinoLocal('0.05–0.32'))],
  'dino-v2 cifar': asymmetricCifar,
  'msn imagenet': [
    ...twice('224 | 0.3–1 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
    ...times(10, '96 | 0.05–0.3 | 0.8,0.8,0.8,0.2 p 0.8 | 0.2 | 0.5 | -'),
  ],
  'msn cifar': twice('32 | 0.3–1 | 0.4,0.4,0.4,0.1 p 0.8 | 0.2 | - | -'),
  'fda imagenet': ['224 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 1 | -', '224 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | 0.1 | -'],
  'fda cifar': twice('32 | 0.08–1 | 0.4,0.4,0.2,0.1 p 0.8 | 0.2 | - | -'),
  'mae imagenet': ['224 | 0.2–1 | - | - | - | -'],
  'mae solo': ['224 | 0.08–1 | - | - | - | -'],
  'i-jepa imagenet': ['224 | 0.2–1 | - | - | - | -'],
  'aim imagenet': ['224 | 0.4–1 | - | - | - | -'],
  'capi imagenet': ['224 | 0.6–1 | - | - | - | -'],
};

const all = Object.entries(recipes).flatMap(([name, variants]) =>
  Object.entries<Recipe>(variants).map(([variant, recipe]) => ({ name: name as RecipeName, variant, recipe })),
);

describe('recipes', () => {
  it('are those of the table', () => {
    expect(
      Object.fromEntries(all.map(({ name, variant, recipe }) => [`${name} ${variant}`, [...recipe.global, ...recipe.local].map(lineOf)])),
    ).toEqual(published);
  });

  it.each(all)('$name ($variant) mirrors half of the time, jitters in a random order, blurs by U(0.1, 2)', ({ name, variant, recipe }) => {
    const order = name === 'moco-v1' && variant === 'imagenet' ? ['grayscale', 'colorJitter'] : undefined;
    for (const view of [...recipe.global, ...recipe.local]) {
      expect(view.crop).toMatchObject({ ratio: name === 'emp-ssl' ? [1, 1] : [3 / 4, 4 / 3], flipProbability: 0.5 });
      if (view.colorJitter) expect(view.colorJitter.order).toBe('random');
      if (view.blur) expect(view.blur.sigma).toEqual([0.1, 2]);
      expect(view.order).toEqual(order);
    }
    expect(recipe.local.every(({ size }) => size === 96)).toBe(true);
  });

  it('crops bicubically where it is published so, and nowhere for CIFAR by default', () => {
    const how = (view: ViewRecipe) => `${view.crop.interpolation ?? 'bilinear'}${view.crop.antialias === false ? ', not antialiased' : ''}`;
    const found = all.map(({ name, variant, recipe }) => [`${name} ${variant}`, [...new Set([...recipe.global, ...recipe.local].map(how))].join()]); // prettier-ignore
    expect(found.filter(([, kinds]) => kinds !== 'bilinear')).toEqual([
      ['simclr imagenet', 'bicubic-tensorflow, not antialiased'],
      ['simclr solo-cifar', 'bicubic'],
      ['swav solo', 'bicubic'],
      ['dino imagenet', 'bicubic'],
      ['ibot imagenet', 'bicubic'],
      ['dino-v2 imagenet', 'bicubic'],
      ['mae imagenet', 'bicubic'],
    ]);
  });
});

describe('recipeViews', () => {
  it.each(all)('makes the views of $name ($variant) in [0, 1]', ({ name, variant, recipe }) => {
    const images = tf.randomUniform<tf.Rank.R4>([2, 12, 10, 3], 0, 1, 'float32', 1);
    const made = recipeViews(name, { variant, size: 8, localSize: [4, 5] })(images, createRng(0));
    expect(made.map(({ shape }) => shape)).toEqual([...recipe.global.map(() => [2, 8, 8, 3]), ...recipe.local.map(() => [2, 4, 5, 3])]);
    for (const view of made) expect(view.dataSync().every((value) => value >= -1e-6 && value <= 1 + 1e-6)).toBe(true);
    tf.dispose([images, made]);
  });

  const n = 1500;
  const fourDeviations = (probability: number) => 4 * Math.sqrt((probability * (1 - probability)) / n);
  const shareOf = (values: Float32Array, is: (image: Float32Array, i: number) => boolean) => {
    const size = values.length / n;
    return Array.from({ length: n }, (_, i) => i).filter((i) => is(values.subarray(i * size, (i + 1) * size), i)).length / n;
  };

  it('solarises no first view of BYOL and a fifth of the second ones', () => {
    // white stays at 0.6 or more under jitter, and falls to 0.4 or less when inverted
    const images = tf.ones<tf.Rank.R4>([n, 4, 4, 3]);
    const made = recipeViews('byol', { size: 4 })(images, createRng(1));
    const [first, second] = made.map((view) => shareOf(view.dataSync<'float32'>(), ([value]) => value! < 0.5));
    expect(first).toBe(0);
    expect(Math.abs(second! - 0.2)).toBeLessThan(fourDeviations(0.2));
    tf.dispose([images, made]);
  });

  it('blurs every first view of BYOL and a tenth of the second ones, before it solarises', () => {
    const images = tf.randomUniform<tf.Rank.R4>([n, 6, 6, 3], 0, 1, 'float32', 2);
    const made = recipeViews('byol', { size: 6 })(images, createRng(2));
    const unblurred = recipes.byol.imagenet.global.map((view, i) =>
      compose([
        randomResizedCrop({ size: 6, ...view.crop }),
        colorJitter(view.colorJitter),
        randomGrayscale(view.grayscale),
        (batch) => tf.clone(batch), // in the place of the blur, so that the streams are the same
        randomSolarize({ probability: 0, ...view.solarize }),
      ])(images, createRng(2).fold('view').fold(i)),
    );
    const [first, second] = made.map((view, v) => {
      const without = unblurred[v]!.dataSync();
      return shareOf(view.dataSync<'float32'>(), (image, i) => image.some((value, k) => value !== without[i * image.length + k]));
    });
    expect(first).toBeGreaterThan(0.92); // not 1: a Gaussian of σ near 0.1 changes nothing in float32
    expect(Math.abs(second! - 0.1)).toBeLessThan(fourDeviations(0.1) + 0.008);
    tf.dispose([images, made, unblurred]);
  });

  it('makes images gray before it jitters them in MoCo v1', () => {
    const images = tf.randomUniform<tf.Rank.R4>([n, 4, 4, 3], 0, 1, 'float32', 3);
    const grayShare = (view: tf.Tensor4D) =>
      shareOf(view.dataSync<'float32'>(), (image) => image.every((value, k) => Math.abs(value - image[k - (k % 3)]!) < 1e-5));
    const made = recipeViews('moco-v1', { size: 4 })(images, createRng(4));
    for (const view of made) expect(Math.abs(grayShare(view) - 0.2)).toBeLessThan(fourDeviations(0.2) + 0.01);
    const byHand = compose([
      randomResizedCrop({ size: 4, ...recipes['moco-v1'].imagenet.global[0]!.crop }),
      randomGrayscale({ probability: 0.2 }),
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4, probability: 1 }),
    ])(images, createRng(4).fold('view').fold(0));
    expect(made[0]!.dataSync()).toEqual(byHand.dataSync());
    tf.dispose([images, made, byHand]);
  });

  it('normalizes in the end', () => {
    const images = tf.ones<tf.Rank.R4>([2, 4, 4, 3]);
    const [view] = recipeViews('mae', { size: 4, normalize: { mean: [0.5, 0, 1], std: [0.5, 2, 1] } })(images, createRng(0));
    expect([...view!.dataSync().slice(0, 3)].map((value) => Math.round(value * 1e5) / 1e5)).toEqual([1, 0.5, 0]);
    tf.dispose([images, view!]);
  });

  it('separates the views of multi-crop', () => {
    const images = tf.randomUniform<tf.Rank.R4>([2, 12, 12, 3], 0, 1, 'float32', 1);
    const { globalViews, localViews } = recipeMultiCrop('dino', { variant: 'lightly', size: 8, localSize: 4 })(images, createRng(0));
    expect([globalViews.length, localViews.length]).toEqual([2, 6]);
    expect([globalViews[1]!.shape, localViews[5]!.shape]).toEqual([
      [2, 8, 8, 3],
      [2, 4, 4, 3],
    ]);
    tf.dispose([images, globalViews, localViews]);
  });

  it('says what is wrong', () => {
    expect(() => recipeViews('bert' as 'byol')).toThrow('recipeViews: `name` must be one of simclr, moco-v1,');
    expect(() => recipeViews('byol', { variant: 'mnist' })).toThrow('`variant` of byol must be one of imagenet, cifar, got "mnist"');
    expect(() => recipeMultiCrop('byol')).toThrow('`name` must be a recipe with local views, byol (imagenet) has none');
  });
});
