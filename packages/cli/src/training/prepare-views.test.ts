import { simclrViews } from '@selfsup/augment';
import { createRng, soloCollective } from '@selfsup/core';
import { convNet, dinoHead } from '@selfsup/encoders';
import { dino } from '@selfsup/pretext-tasks/dino';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';
import { multiCropViews, recipeSource } from '../tasks/task-views.ts';
import type { RunConfig } from '../options/define-run.ts';
import { prepareViews } from './prepare-views.ts';

const statistics = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] };
const images = (size: number) => tf.randomUniform<tf.Rank.R4>([2, size, size, 3], 0, 1, 'float32', 1);
const describeTensor = (tensor: tf.Tensor) => ({ shape: tensor.shape, values: Array.from(tensor.dataSync()) });

/** What a batch of a task holds, by name. */
function prepare(task: string, options: { recipe?: string; size?: number; views?: RunConfig['views'] } = {}) {
  const { recipe, size = 16, views } = options;
  const context = { size, channels: 3, ...statistics };
  const toBatch = prepareViews({ task, ...(recipe !== undefined && { recipe }) }, { context, views });
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

  it('takes the views of --recipe, before those of a config', () => {
    const views: RunConfig['views'] = () => (input) => [tf.clone(input)];
    expect(shapes(prepare('byol', { recipe: 'simclr', views }))).toEqual({ views: [[2, 16, 16, 3], [2, 16, 16, 3]] }); // prettier-ignore
    expect(prepare('byol', { recipe: 'simclr' })).toEqual(prepare('simclr'));
    expect(prepare('byol', { recipe: 'simclr/solo-cifar' })).not.toEqual(prepare('simclr'));
  });

  it('takes the views of a config', () => {
    expect(prepare('rotation', { views: () => (input) => [tf.mul(input, 0)] })['images']![0]!.values.every((value) => value === 0)).toBe(
      true,
    );
  });

  it.each([
    ['byol', { recipe: 'dino', size: 72 }, '--task byol takes two views of one size, --recipe dino makes 2 large and 8 small ones'],
    ['mae', { recipe: 'byol' }, '--task mae takes one view, --recipe byol makes 2'],
    ['simclr', { recipe: 'capi' }, '--task simclr takes two or more views of one size, --recipe capi makes 1'],
    ['vicreg', { views: () => (input: tf.Tensor4D) => [tf.clone(input)] }, '`views` of the config makes 1'],
  ])('refuses for %s what it does not take: %j', (task, options, message) => {
    expect(() => prepare(task, options)).toThrow(message);
  });
});

describe('multi-crop', () => {
  it.each([
    [32, 4, 12],
    [16, 4, 8],
    [96, 16, 48],
    [16, 16, 16],
  ])('makes small views of images of %i pixels of whole patches of %i: %i', (size, patchSize, localSize) => {
    const context = { size, channels: 3, patchSize, ...statistics };
    const { transform, numGlobal } = recipeSource('dino/imagenet')(context);
    tf.tidy(() => {
      const sides = transform(images(size), createRng(0)).map(({ shape }) => shape[1]);
      expect(sides).toEqual([...Array<number>(numGlobal).fill(size), ...Array<number>(8).fill(localSize)]);
    });
  });

  it('gives two views of the images’ size and smaller ones', () => {
    const { transform, numGlobal, numLocal } = recipeSource('dino/lightly')({ size: 32, channels: 3, ...statistics });
    expect([numGlobal, numLocal]).toEqual([2, 6]);
    tf.tidy(() => {
      const made = transform(images(32), createRng(0));
      const batch = multiCropViews.toBatch({ global: made.slice(0, numGlobal), local: made.slice(numGlobal) });
      const sizes = (batch['views'] as tf.Tensor4D[]).map(({ shape }) => shape);
      expect(sizes).toEqual([...Array.from({ length: 2 }, () => [2, 32, 32, 3]), ...Array.from({ length: 6 }, () => [2, 14, 14, 3])]);
      const backbone = convNet({ channels: 3, widths: [2] });
      const projectionHead = dinoHead({ inputDim: backbone.outputDim, hiddenDim: 4, bottleneckDim: 3, outputDim: 4 });
      const context = { rng: createRng(0), totalSteps: 1, step: 0, training: false, collective: soloCollective };
      const run = dino({ backbone, projectionHead, outputDim: 4 }).create(context);
      const taken = batch as Parameters<typeof run.loss>[0]; // under the name that the task has
      expect(run.loss(taken, run.targets!(taken, context), context).loss.dataSync()[0]).toBeGreaterThan(0);
      run.dispose();
    });
  });
});
