import { simclrViews, trackedCrops } from '@selfsup/augment';
import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { defineTask, type AnyTaskRecipe } from '../task-recipe.ts';
import { z } from 'zod';
import { taskViews } from './image-task.ts';
import { recipeChoices, recipeSource } from './image-views.ts';
import { prepareViews } from './prepare-views.ts';
import { imageTasks } from './recipes/image-tasks.ts';
import { multiCropViews, trackedMultiCropViews, twoTrackedViews } from './views-input.ts';

const square = (size: number) => ({ size, height: size, width: size });
const statistics = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] };
const images = (size: number) => tf.randomUniform<tf.Rank.R4>([2, size, size, 3], 0, 1, 'float32', 1);
const describeTensor = (tensor: tf.Tensor) => ({ shape: tensor.shape, values: Array.from(tensor.dataSync()) });
const taskOf = (name: string) => imageTasks.find((task) => task.name === name)!;

/** What a batch of a task holds, by name. */
function prepare(task: string, options: { recipe?: string; size?: number; views?: unknown } = {}) {
  const { recipe, size = 16, views } = options;
  const toBatch = prepareViews(taskOf(task), { context: { ...square(size), channels: 3, ...statistics }, recipe, views });
  let held: Record<string, ReturnType<typeof describeTensor>[]> = {};
  tf.tidy(() => {
    const batch = toBatch(images(size), createRng(3)) as Record<string, tf.Tensor | tf.Tensor[]>;
    held = Object.fromEntries(Object.entries(batch).map(([name, value]) => [name, [value].flat().map(describeTensor)]));
  });
  return held;
}
const shapes = (held: ReturnType<typeof prepare>) =>
  Object.fromEntries(Object.entries(held).map(([name, list]) => [name, list.map(({ shape }) => shape)]));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('prepareViews', () => {
  it.each([
    ['cifar', 16],
    ['imagenet', 72],
  ] as const)('makes the views of simclrViews (%s) of images of %i pixels', (preset, size) => {
    const expected = tf.tidy(() => simclrViews({ preset, size, normalize: statistics })(images(size), createRng(3)).map(describeTensor));
    expect(prepare('simclr', { size })).toEqual({ views: expected });
  });

  it('gives tasks on single images one upright view', () => {
    for (const task of ['mae', 'sim-mim', 'rotation', 'jigsaw', 'relative-patch'])
      expect(shapes(prepare(task))).toEqual({ images: [[2, 16, 16, 3]] });
  });

  it('takes the views of the option `recipe`, before those of a config', () => {
    const views = () => (input: tf.Tensor4D) => [tf.clone(input)];
    expect(shapes(prepare('byol', { recipe: 'simclr', views }))).toEqual({ views: [[2, 16, 16, 3], [2, 16, 16, 3]] }); // prettier-ignore
    expect(prepare('byol', { recipe: 'simclr' })).toEqual(prepare('simclr'));
    expect(prepare('byol', { recipe: 'simclr/solo-cifar' })).not.toEqual(prepare('simclr'));
  });

  it('takes the views of a config', () => {
    const black = prepare('rotation', { views: () => (input: tf.Tensor4D) => [tf.mul(input, 0)] });
    expect(black['images']![0]!.values.every((value) => value === 0)).toBe(true);
  });

  it('takes those of a config after the large ones as small ones, where the task has some', () => {
    const views = () => (input: tf.Tensor4D) => [tf.clone(input), tf.clone(input), tf.slice(input, 0, [2, 8, 8, 3])];
    expect(shapes(prepare('dino', { views }))).toEqual({ views: [[2, 16, 16, 3], [2, 16, 16, 3], [2, 8, 8, 3]] }); // prettier-ignore
  });

  it.each([
    ['byol', { recipe: 'dino', size: 72 }, 'the task byol takes two views of one size, the recipe dino makes 2 large and 8 small ones'],
    ['mae', { recipe: 'byol' }, 'the task mae takes one view, the recipe byol makes 2'],
    ['simclr', { recipe: 'capi' }, 'the task simclr takes two or more views of one size, the recipe capi makes 1'],
    ['vicreg', { views: () => (input: tf.Tensor4D) => [tf.clone(input)] }, '`views` of the config makes 1'],
    ['vicreg', { views: 'byol' }, '`views` must be a function, got string'],
  ])('refuses for %s what it does not take: %j', (task, options, message) => {
    expect(() => prepare(task, options)).toThrow(message);
  });

  it('gives tasks that match places those of their views, and the same views', () => {
    const tracked = { ...taskViews(taskOf('byol')), name: 'tracked', input: twoTrackedViews };
    const toBatch = (task: AnyTaskRecipe, options = {}) =>
      prepareViews(task, { context: { ...square(16), channels: 3, ...statistics }, ...options });
    const held = tf.tidy(() => toBatch(tracked)(images(16), createRng(3)) as Record<string, tf.Tensor[]>);
    expect(Object.entries(held).map(([name, list]) => [name, list.map(({ shape }) => shape)])).toEqual([
      ['views', [[2, 16, 16, 3], [2, 16, 16, 3]]],
      ['boxes', [[2, 4], [2, 4]]],
      ['flips', [[2], [2]]],
    ]); // prettier-ignore
    expect(held['views']!.map(describeTensor)).toEqual(prepare('byol')['views']);
    tf.dispose(held);
    const multi = { ...taskViews(taskOf('dino')), name: 'multi', input: trackedMultiCropViews };
    const crops = tf.tidy(() => toBatch(multi, { recipe: 'swav/imagenet' })(images(16), createRng(3)) as Record<string, tf.Tensor[]>);
    expect(Object.values(crops).map(({ length }) => length)).toEqual([8, 8, 8]);
    tf.dispose(crops);
    const own = () => trackedCrops({ crop: { size: 8 } });
    expect(prepare('byol', { views: own })['views']!.map(({ shape }) => shape)).toEqual([[2, 8, 8, 3], [2, 8, 8, 3]]); // prettier-ignore
    const plain = { views: () => (input: tf.Tensor4D) => [tf.clone(input), tf.clone(input)] };
    expect(() => {
      tf.tidy(() => toBatch(tracked, plain)(images(16), createRng(3)) && undefined);
    }).toThrow(
      'the task tracked matches places in images, `views` of the config does not say where its views are; make them with trackedCrops',
    );
  });

  it('asks a task that does not say which views it takes to do so', () => {
    const task = defineTask({
      api: 1,
      name: 'mine',
      title: 'Mine',
      modality: 'image',
      options: z.strictObject({}),
      create: () => {
        throw new Error('never');
      },
    });
    expect(() => prepareViews(task, { context: { ...square(16), channels: 3, ...statistics } })).toThrow(
      'the task mine does not say which views it takes (`input` and `views`); write it with defineImageTask',
    );
  });
});

describe('recipeSource', () => {
  it('knows every recipe and variant', () => {
    expect(recipeChoices).toEqual(expect.arrayContaining(['byol', 'dino/lightly', 'simclr/solo-cifar', 'capi/imagenet']));
    for (const recipe of recipeChoices)
      expect(recipeSource(recipe)({ ...square(32), channels: 3, ...statistics }).numGlobal, recipe).toBeGreaterThan(0);
  });

  it.each([
    [32, 4, 12],
    [16, 4, 8],
    [96, 16, 48],
    [16, 16, 16],
  ])('makes small views of images of %i pixels of whole patches of %i: %i', (size, patchSize, localSize) => {
    const { transform, numGlobal } = recipeSource('dino/imagenet')({ ...square(size), channels: 3, patchSize, ...statistics });
    tf.tidy(() => {
      const sides = transform(images(size), createRng(0)).map(({ shape }) => shape[1]);
      expect(sides).toEqual([...Array<number>(numGlobal).fill(size), ...Array<number>(8).fill(localSize)]);
    });
  });

  it('gives two views of the images’ size and smaller ones', () => {
    const { transform, numGlobal, numLocal } = recipeSource('dino/lightly')({ ...square(32), channels: 3, ...statistics });
    expect([numGlobal, numLocal]).toEqual([2, 6]);
    tf.tidy(() => {
      const made = transform(images(32), createRng(0));
      const batch = multiCropViews.toBatch({ global: made.slice(0, numGlobal), local: made.slice(numGlobal) }, 1);
      const sizes = (batch['views'] as tf.Tensor4D[]).map(({ shape }) => shape);
      expect(sizes).toEqual([...Array.from({ length: 2 }, () => [2, 32, 32, 3]), ...Array.from({ length: 6 }, () => [2, 14, 14, 3])]);
    });
  });
});
