import '@tensorflow/tfjs-backend-wasm';
import { createRng } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { convNet } from './conv-net.ts';
import { hashedValues } from './parity/hashed-values.ts';
import type { PatchEncoder } from './patch-kernel.ts';
import { samplePatches } from './patches/sample-patches.ts';
import { saveWeights } from './save-weights.ts';
import { startFromPatches, type PatchStartProgress } from './start-from-patches.ts';
import { vit } from './vit.ts';

const n = 12;
/** Noise with neighbors that are alike. */
const images = () =>
  tf.tidy(() => tf.mul<tf.Tensor4D>(tf.avgPool(tf.tensor4d(hashedValues(1, 'images', n * 18 * 18 * 3), [n, 18, 18, 3]), 3, 1, 'valid'), 4));
const network = convNet({ widths: [6, 8, 10], kernelSizes: [5, 3, 3], downsampling: 'pool', input: 'local-contrast' });
const rng = createRng(7);
const started = async (encoder: PatchEncoder, options: Partial<Parameters<typeof startFromPatches>[2]> = {}) => {
  const x = images();
  await startFromPatches(encoder, x, { rng, numPatches: 600, batchSize: 5, ...options }).finally(() => {
    x.dispose();
  });
  return saveWeights(encoder);
};

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe('startFromPatches', () => {
  it('sets every kernel, leaves scales and offsets, and running statistics are those of the images', async () => {
    const encoder = network(createRng(0));
    const before = await saveWeights(encoder);
    const after = await started(encoder);
    for (const path of Object.keys(before))
      if (/scale|offset/.test(path)) expect(after[path], path).toEqual(before[path]);
      else expect(after[path]!.data, path).not.toEqual(before[path]!.data);
    const x = images();
    const statistics = tf.tidy(() => {
      let inputs = encoder.patchKernels[0]!.inputs(x);
      return encoder.patchKernels.flatMap((kernel, i) => {
        const responses = kernel.responses(inputs);
        const { mean, variance } = tf.moments(responses, [0, 1, 2]);
        if (encoder.patchKernels[i + 1]) inputs = encoder.patchKernels[i + 1]!.inputs(responses);
        const places = responses.size / responses.shape[3];
        return [[...mean.dataSync()], [...variance.dataSync()].map((value) => (value * places) / (places - 1))];
      });
    });
    for (const [i, expected] of statistics.entries()) {
      const path = `norm${Math.floor(i / 2) + 1}/${i % 2 === 0 ? 'mean' : 'variance'}`;
      for (const [c, value] of expected.entries()) expect(after[path]!.data[c], path).toBeCloseTo(value, 3);
    }
    // what the kernels read one after another is what the encoder computes
    tf.tidy(() => {
      const last = encoder.patchKernels.reduce<tf.Tensor4D>((previous, kernel) => kernel.responses(kernel.inputs(previous)), x);
      const { mean, variance, scale, offset } = Object.fromEntries(
        ['mean', 'variance', 'scale', 'offset'].map((name) => [name, { ...encoder.trainable, ...encoder.buffers }[`norm3/${name}`]!]),
      );
      const expected = tf.relu(
        tf.batchNorm(last, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D, 1e-5),
      );
      const gap = tf.max(tf.abs(tf.sub(expected, encoder.maps(x, { training: false })['layer3']!))).dataSync()[0]!;
      expect(gap).toBeLessThan(1e-4);
    });
    x.dispose();
    encoder.dispose();
  });

  it('gives the same bits again, others from another stream, and nearly the same on wasm', async () => {
    const weightsOf = async (options = {}) => {
      const encoder = network(createRng(0));
      const weights = await started(encoder, options);
      encoder.dispose();
      return weights;
    };
    const first = await weightsOf();
    expect(await weightsOf()).toEqual(first);
    expect((await weightsOf({ rng: createRng(8) }))['conv1/kernel']).not.toEqual(first['conv1/kernel']);
    await tf.setBackend('wasm');
    await registerTrainingKernels();
    const one = await weightsOf();
    expect(await weightsOf()).toEqual(one);
    for (const [i, value] of first['conv1/kernel']!.data.entries()) expect(one['conv1/kernel']!.data[i]).toBeCloseTo(value, 3);
  });

  it('sets the patch kernel of a Vision Transformer alone, so that the mean patch is answered by 0', async () => {
    const encoder = vit({ imageSize: 16, patchSize: 4, width: 16, numHeads: 2, numLayers: 1 })(createRng(0));
    const before = await saveWeights(encoder);
    const after = await started(encoder, { numPatches: 1200 });
    const changed = Object.keys(before).filter((path) => before[path]!.data.some((value, i) => after[path]!.data[i] !== value));
    expect(changed).toEqual(['patch/kernel', 'patch/bias']);
    const x = images();
    const means = tf.tidy(() => [...tf.mean(encoder.patchKernels[0]!.responses(x), [0, 1, 2]).dataSync()]);
    for (const mean of means) expect(Math.abs(mean)).toBeLessThan(0.5);
    x.dispose();
    encoder.dispose();
  });

  it('says where it is, stops when it is told to, and leaves no tensor', async () => {
    const encoder = network(createRng(0));
    const x = images();
    const alive = tf.memory().numTensors;
    const seen: PatchStartProgress[] = [];
    await startFromPatches(encoder, x, { rng, numPatches: 600, numRounds: 2, onProgress: (progress) => seen.push(progress) });
    expect(tf.memory().numTensors).toBe(alive);
    expect(seen.map(({ kernel, index, round }) => `${kernel} ${index} ${round}`)).toEqual(
      ['conv1', 'conv2', 'conv3'].flatMap((name, i) => [1, 2].map((round) => `${name}/kernel ${i} ${round}`)),
    );
    const controller = new AbortController();
    const stopping = startFromPatches(encoder, x, {
      rng,
      numPatches: 600,
      signal: controller.signal,
      onProgress: ({ index, round }) => {
        if (index === 1 && round === 3) controller.abort(new Error('enough'));
      },
    });
    await expect(stopping).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(alive);
    x.dispose();
    encoder.dispose();
  });

  it('refuses what does not fit, and images of nothing', async () => {
    const encoder = convNet({ widths: [6] })(createRng(0));
    const x = tf.zeros<tf.Rank.R4>([2, 8, 8, 3]);
    const refused = (options: object) => expect(startFromPatches(encoder, x, { rng, numPatches: 100, ...options })).rejects;
    await refused({ numPatches: 5 }).toThrow('startFromPatches: `numPatches` must be an integer >= 6, got 5');
    await refused({ numRounds: 0 }).toThrow('startFromPatches: `numRounds` must be an integer >= 1, got 0');
    await refused({ damping: 0 }).toThrow('startFromPatches: `damping` must be a number > 0, got 0');
    await refused({ floor: -1 }).toThrow('startFromPatches: `floor` must be a number >= 0, got -1');
    for (const floor of [0, 0.02])
      await refused({ floor }).toThrow(
        'startFromPatches: the images must show more than one color, got patches that are all alike; give other images, or start from random weights',
      );
    x.dispose();
    encoder.dispose();
  });
});

it('samplePatches cuts windows in the order (row, column, channel), zeros around the images included', async () => {
  const [large, small] = tf.tidy(() => [
    tf.reshape<tf.Rank.R4>(tf.range(0, 2 * 5 * 4 * 2), [2, 5, 4, 2]),
    tf.ones<tf.Rank.R4>([1, 2, 2, 1]),
  ]);
  const patches = await samplePatches([large], { size: 3, count: 40, rng });
  const starts = new Set<number>();
  for (let p = 0; p < 40; p++) {
    const patch = patches.subarray(p * 18, (p + 1) * 18);
    starts.add(patch[0]!);
    const image = p % 2;
    const [y, x] = [Math.floor((patch[0]! - image * 40) / 8), ((patch[0]! - image * 40) % 8) / 2];
    const expected = [0, 1, 2].flatMap((row) => [0, 1, 2, 3, 4, 5].map((k) => image * 40 + (y + row) * 8 + x * 2 + k));
    expect([...patch]).toEqual(expected);
  }
  expect(starts.size).toBe(12); // 3 · 2 places in 2 images
  const padded = await samplePatches([small], { size: 3, padding: 1, count: 40, rng });
  const kinds = new Set(Array.from({ length: 40 }, (_, p) => padded.subarray(p * 9, (p + 1) * 9).join('')));
  expect([...kinds].sort()).toEqual(['000011011', '000110110', '011011000', '110110000']); // the ones in each corner
  tf.dispose([large, small]);
});
