import { maskPatches } from '@selfsup/augment';
import { createRng, drawNormal, createStepContext, isSelfsupError, patchify, soloCollective, type StepContextOptions } from '@selfsup/core';
import { linear, maeDecoder, vit } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mae } from './mae.ts';
import { simMim } from './sim-mim.ts';

const size = { imageSize: 8, patchSize: 2, numLayers: 2, width: 16, numHeads: 2 };
const masking = maskPatches({ gridSize: 4, maskRatio: 0.75 });
const head = linear({ inputDim: 16, outputDim: 12 });
const decoder = maeDecoder({ inputDim: 16, gridSize: 4, patchSize: 2, width: 16, numLayers: 1, numHeads: 2 });
const tasks = {
  mae: mae({ backbone: vit(size), decoder, masking }),
  'sim-mim': simMim({ backbone: vit({ ...size, maskToken: true }), head, masking }) as unknown as ReturnType<typeof mae>,
};
const context = (overrides: Partial<StepContextOptions> = {}) =>
  createStepContext({ rng: createRng(0), totalSteps: 10, step: 0, ...overrides });
const makeImages = (n: number, seed = 1) => tf.tensor4d(drawNormal(createRng(seed), n * 8 * 8 * 3), [n, 8, 8, 3]);
const read = (tensors: Readonly<Record<string, tf.Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([path, v]) => [path, [...v.dataSync()]]));
const number = (x: tf.Scalar) => x.dataSync()[0]!;

describe.each(Object.entries(tasks))('%s', (name, task) => {
  it('is a task of contract 1 with its variables under the names of the networks', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    expect([task.api, task.name]).toEqual([1, name]);
    const roots = new Set(Object.keys(run.trainable).map((path) => path.split('/')[0]));
    expect([...roots]).toEqual(['backbone', name === 'mae' ? 'decoder' : 'head']);
    expect('backbone/maskToken' in run.trainable).toBe(name === 'sim-mim');
    expect(run.buffers).toEqual({});
    run.dispose();
  });

  it('draws masks by seed, step and rank, gives the same loss twice, and writes nothing', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    tf.tidy(() => {
      const images = makeImages(4);
      const masks = (overrides: Partial<StepContextOptions>) => [...run.targets!({ images }, context(overrides)).mask.dataSync()];
      expect(masks({})).toEqual(masks({}));
      for (const other of [{ step: 1 }, { rng: createRng(1) }, { collective: { ...soloCollective, rank: 1 } }, { microBatch: 1 }])
        expect(masks(other)).not.toEqual(masks({}));
      const before = read(run.trainable);
      const targets = run.targets!({ images }, context());
      const losses = [true, true, false].map((training) => number(run.loss({ images }, targets, context({ training })).loss));
      expect(new Set(losses).size).toBe(1);
      expect(read(run.trainable)).toEqual(before);
    });
    run.dispose();
  });

  it('sends a gradient to every trainable variable, none through the masked pixels of the input', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    tf.tidy(() => {
      const images = makeImages(4);
      const targets = run.targets!({ images }, context());
      const { grads } = tf.variableGrads(() => run.loss({ images }, targets, context()).loss, Object.values(run.trainable));
      for (const [path, v] of Object.entries(run.trainable))
        if (!path.endsWith('key/bias')) expect(number(tf.max(tf.abs(grads[v.name]!))), path).toBeGreaterThan(1e-6);
      // the networks see no masked pixel: other pixels there leave the loss as it is, with the same targets
      const hidden = tf.expandDims(targets.mask, 2); // [n, length, 1]
      const noise = patchify(makeImages(4, 2), { patchSize: 2 });
      const patches = tf.add(patchify(images, { patchSize: 2 }), tf.mul(noise, hidden));
      const changed = tf.reshape<tf.Rank.R4>(tf.transpose(tf.reshape(patches, [16, 4, 2, 6]), [0, 2, 1, 3]), [4, 8, 8, 3]);
      expect(number(tf.max(tf.abs(tf.sub(changed, images))))).toBeGreaterThan(1);
      expect(number(run.loss({ images: changed }, targets, context()).loss)).toBe(number(run.loss({ images }, targets, context()).loss));
    });
    run.dispose();
  });

  it('says what is wrong with a batch or its masks', () => {
    const run = task.create({ rng: createRng(0), totalSteps: 10 });
    tf.tidy(() => {
      const failures: [string, string, () => unknown][] = [
        ['SELFSUP_BATCH', `${name}: the batch must have \`images\`, a tensor, got undefined`, () => run.targets!({} as never, context())],
        ['SELFSUP_SHAPE', `${name}: \`images\` must have shape`, () => run.targets!({ images: tf.zeros([8, 8]) as never }, context())],
        [
          'SELFSUP_DTYPE',
          `${name}: \`images\` must be float32`,
          () => run.targets!({ images: tf.zeros([1, 8, 8, 3], 'int32') }, context()),
        ],
        [
          'SELFSUP_OPTION',
          `${name}: \`masking\` must draw masks of the 64 patches`,
          () => run.targets!({ images: tf.zeros([1, 16, 16, 3]) }, context()),
        ],
      ];
      for (const [code, message, call] of failures)
        try {
          call();
          expect.unreachable();
        } catch (error) {
          expect(isSelfsupError(error) && error.code).toBe(code);
          expect((error as Error).message).toContain(message);
        }
    });
    run.dispose();
  });
});

it('mae keeps int(L · (1 − r)) patches, and compares patches of mean 0 and unbiased variance 1, or raw ones', () => {
  for (const normalizePixels of [true, false]) {
    const run = mae({ backbone: vit(size), decoder, masking, normalizePixels }).create({ rng: createRng(0), totalSteps: 10 });
    tf.tidy(() => {
      const images = makeImages(3);
      const { keep, pixels } = run.targets!({ images }, context());
      expect(keep.shape).toEqual([3, 4]);
      expect(pixels.shape).toEqual([3, 16, 12]);
      const raw = patchify(images, { patchSize: 2 });
      if (!normalizePixels) expect(pixels.arraySync()).toEqual(raw.arraySync());
      else
        for (const patch of pixels.arraySync().flat()) {
          expect(patch.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 4);
          expect(patch.reduce((sum, x) => sum + x * x, 0) / 11).toBeCloseTo(1, 4);
        }
    });
    run.dispose();
  }
});
