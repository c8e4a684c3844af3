import { createRng, drawUniform, localContrast } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { normalizeContrast } from './normalize-contrast.ts';
import { viewAugmentation } from './view-augmentation.ts';

const rng = createRng(0);
const images = () => tf.tensor4d(drawUniform(createRng(1), 2 * 10 * 12 * 3), [2, 10, 12, 3]);
const valuesOf = (make: (x: tf.Tensor4D) => tf.Tensor4D) => tf.tidy(() => [...make(images()).dataSync()]);

it('is the local contrast of each channel, or that of the mean in every channel', () => {
  const options = { size: 5, share: 0.1, floor: 0.001 };
  expect(valuesOf((x) => normalizeContrast(options)(x, rng))).toEqual(valuesOf((x) => localContrast(x, options)));
  const gray = valuesOf((x) => normalizeContrast({ ...options, gray: true })(x, rng));
  const mean = valuesOf((x) => localContrast(tf.mean<tf.Tensor4D>(x, 3, true), options));
  expect(gray).toEqual(mean.flatMap((value) => [value, value, value]));
});

it('is the last step of a view, before the standardization, unless the order says otherwise', () => {
  const crop = { scale: [1, 1], ratio: [1, 1], flipProbability: 0 } as const;
  const view = { size: 12, crop, solarize: { probability: 1, threshold: 0.5 }, localContrast: { gray: true } };
  const statistics = { mean: [0.5, 0.5, 0.5], std: [2, 2, 2] };
  const run = (recipe: Parameters<typeof viewAugmentation>[0], options = {}) => valuesOf((x) => viewAugmentation(recipe, options)(x, rng));
  const solarized = (x: tf.Tensor4D) => viewAugmentation({ size: 12, crop, solarize: view.solarize }, {})(x, rng);
  const expected = valuesOf((x) => normalizeContrast({ gray: true })(solarized(x), rng));
  expect(run(view)).toEqual(expected);
  const standardized = run(view, { normalize: statistics });
  for (const [i, value] of expected.entries()) expect(standardized[i]).toBeCloseTo((value - 0.5) / 2, 5);
  expect(run({ ...view, order: ['localContrast', 'solarize'] })).not.toEqual(expected);
});

it('leaves one tensor', () => {
  const x = images();
  const before = tf.memory().numTensors;
  const y = normalizeContrast({ gray: true })(x, rng);
  expect(tf.memory().numTensors).toBe(before + 1);
  tf.dispose([x, y]);
});
