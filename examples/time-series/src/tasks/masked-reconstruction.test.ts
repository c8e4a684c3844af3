import { registerGradients } from '@selfsup/backends';
import { createRng, createStepContext, drawNormal } from '@selfsup/core';
import { linear } from '@selfsup/encoders';
import { conformanceChecks } from '@selfsup/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { seriesNet } from '../series-net.ts';
import { maskedReconstruction } from './masked-reconstruction.ts';

await registerGradients();

// networks as small as can be: the checks make some hundred passes
const [rows, length, channels] = [4, 16, 2];
const backbone = seriesNet({ channels, widths: [4, 6], kernelSize: 3, norm: 'group', numGroups: 2 });
const decoder = linear({ inputDim: 6, outputDim: 4 * channels });
const task = maskedReconstruction({ backbone, decoder, maskRatio: 0.5, spanLength: 4 });
const batchAt = (step: number) => ({
  windows: tf.tensor4d(drawNormal(createRng(1).fold(step), rows * length * channels), [rows, 1, length, channels]),
});

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the contract of pretext tasks', () => {
  for (const { name, skipped, run } of conformanceChecks({ task, batchAt })) it.skipIf(skipped !== undefined)(name, run);

  const batchNorm = seriesNet({ channels, widths: [4, 6], kernelSize: 3 });
  const other = maskedReconstruction({ backbone: batchNorm, decoder, spanLength: 4 });
  const statistics = conformanceChecks({ task: other, batchAt });
  for (const { name, run } of statistics.filter(({ name: check }) => /updateStatistics|evaluation changes nothing|bit for bit/.test(check)))
    it(`${name}, with batch normalization`, run);
});

describe('masked-reconstruction', () => {
  const creation = { rng: createRng(0), totalSteps: 10 };
  const context = createStepContext({ ...creation, step: 0 });

  it('hides whole spans of all channels, as many in each window', () => {
    const run = task.create(creation);
    const batch = batchAt(0);
    const { mask } = tf.tidy(() => run.targets!(batch, context));
    expect(mask.shape).toEqual([rows, 1, length, 1]);
    const spans = tf.tidy(() => tf.sum(tf.reshape(mask, [rows, length / 4, 4]), 2).arraySync()) as number[][];
    for (const row of spans) {
      expect(row.every((count) => count === 0 || count === 4)).toBe(true);
      expect(row.filter((count) => count === 4)).toHaveLength(2);
    }
    expect(new Set(spans.map(String)).size).toBeGreaterThan(1);
    tf.dispose([batch.windows, mask]);
    run.dispose();
  });

  it('counts hidden values only: a decoder that says 0 explains nothing, and its loss is their mean square', () => {
    const silent = linear({ inputDim: 6, outputDim: 4 * channels, initializer: (_, count) => new Float32Array(count) });
    const run = maskedReconstruction({ backbone, decoder: silent, spanLength: 4 }).create(creation);
    const batch = batchAt(0);
    const targets = tf.tidy(() => run.targets!(batch, context));
    const [loss, explained] = tf.tidy(() => {
      const result = run.loss(batch, targets, context);
      return [result.loss.arraySync(), result.metrics!['explained']!.arraySync()];
    });
    const [mask, values] = [targets.mask.dataSync(), batch.windows.dataSync()];
    const hidden = [...values].filter((_, i) => mask[Math.floor(i / channels)] === 1);
    expect(loss).toBeCloseTo(hidden.reduce((sum, value) => sum + value * value, 0) / hidden.length, 5);
    expect(explained).toBeCloseTo(0, 5);
    tf.dispose([batch.windows, targets.mask]);
    run.dispose();
  });

  it('does not see what is hidden: the loss is the square of a shift of hidden values, and no more', () => {
    const run = task.create(creation);
    const batch = batchAt(0);
    const targets = tf.tidy(() => run.targets!(batch, context));
    const lossAt = (shift: number) =>
      tf.tidy(() => run.loss({ windows: tf.add(batch.windows, tf.mul(targets.mask, shift)) }, targets, context).loss.arraySync());
    // (y - x - shift)² has the second difference 2 shift² where y does not depend on the shift
    expect(lossAt(2) + lossAt(-2) - 2 * lossAt(0)).toBeCloseTo(8, 4);
    tf.dispose([batch.windows, targets.mask]);
    run.dispose();
  });

  it('says what it needs', () => {
    expect(() => maskedReconstruction({ backbone, decoder, maskRatio: 1 })).toThrow('`maskRatio` must be a number in (0, 1), got 1');
    const run = maskedReconstruction({ backbone, decoder, spanLength: 5 }).create(creation);
    const { windows } = batchAt(0);
    expect(() => run.targets!({ windows }, context)).toThrow('`spanLength` must divide the 16 time steps of a window, got 5');
    expect(() => run.targets!({} as { windows: tf.Tensor4D }, context)).toThrow('the batch must have `windows`');
    windows.dispose();
    run.dispose();
  });
});
