// On the wasm backend with its training kernels: tfjs's cpu backend needs minutes for one ResNet-18 step.
import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { createRng, type Module } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sinCosPositions } from '../layers/patch-positions.ts';
import { deviation, type TensorSummary } from '../parity/compare-with-fixture.ts';
import { hashedBits, hashedValues } from '../parity/hashed-values.ts';
import { saveWeights } from '../save-weights.ts';
import { adaptChannels, resizePatches, resizePositions } from './adapt-weights.ts';
import { readPretrained, type PretrainedEncoder } from './read-pretrained.ts';
import { toForeign, type ForeignOptions } from './to-foreign.ts';

interface Fixture {
  versions: string;
  seed: number;
  rate: number;
  config: Readonly<Record<string, unknown>> | null;
  tensors: [name: string, shape: number[]][];
  kept: string[];
  inputShape: number[];
  featureShape: number[];
  features: TensorSummary;
  training: TensorSummary;
  updates: Readonly<Record<string, TensorSummary>>;
}
const readFixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/pretrained/${name}.json`, import.meta.url), 'utf8')) as unknown;
const sizeOf = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** The rule of tools/fixtures/pretrained.py. */
function valueOf(seed: number, name: string, shape: readonly number[]): Float32Array {
  const u = hashedValues(seed, name, sizeOf(shape));
  const leaf = name.slice(name.lastIndexOf('.') + 1);
  const isTable = (name.includes('embeddings.') && shape.length < 4) || !name.endsWith('weight');
  const fanIn = sizeOf(shape.slice(1));
  if (shape.length > 1) return u.map((x) => (isTable ? 0.5 * x : x * Math.sqrt((shape.length === 4 ? 6 : 3) / fanIn)));
  if (['weight', 'gamma', 'lambda1'].includes(leaf)) return u.map((x) => 0.5 + 0.1 * x);
  if (leaf === 'running_var') return u.map((x) => 1 + 0.5 * x);
  if (/bn|normalization|downsample\.1/.test(name) && leaf !== 'running_mean') return u.map((x) => 0.4 * x + (x < 0 ? -0.8 : 0.8));
  return u.map((x) => 0.2 * x);
}

function tensorsOf({ seed, tensors, kept }: Fixture) {
  return new Map(
    tensors.map(([name, shape]) => {
      const data = kept.includes(name) ? sinCosPositions(Math.sqrt(shape[1]! - 1), shape[2]!) : valueOf(seed, name, shape);
      return [name, { dtype: 'F32', shape, data }];
    }),
  );
}

/** The features of the fixture, of its inputs. */
function featuresOf(encoder: Module, { seed, inputShape }: Fixture): (apply: { training: boolean }) => tf.Tensor {
  const size = sizeOf(inputShape);
  if (inputShape.length === 2) {
    const [batch, length] = inputShape as [number, number];
    const ids = Int32Array.from(hashedBits(seed, 'input', size), (word) => 1 + (word % 28));
    const mask = new Int32Array(size).fill(1).fill(0, size - 3);
    const bert = encoder as Module & { encode(input: object, apply: object): tf.Tensor };
    return (apply) => {
      const tokenIds = tf.tensor2d(ids, [batch, length], 'int32');
      return bert.encode({ tokenIds, attentionMask: tf.tensor2d(mask, [batch, length], 'int32') }, apply);
    };
  }
  const pixels = hashedValues(seed, 'input', size).map((u) => 2 * u);
  const images = () => tf.tensor4d(pixels, inputShape as [number, number, number, number]);
  if ('encode' in encoder) {
    const vit = encoder as Module & { encode(input: object, apply: object): tf.Tensor };
    return (apply) => vit.encode({ images: images() }, apply);
  }
  return (apply) => encoder.apply(images(), apply);
}

const foreignOptions = (read: PretrainedEncoder): ForeignOptions => {
  if (read.kind === 'resnet') return { ...read.options, encoder: read.encoder, channels: read.channels };
  if (read.kind === 'vit') return { ...read.options, imageSize: read.imageSize, channels: read.channels };
  return { ...read.options, vocabularySize: read.vocabularySize };
};

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
});

describe('features and a step of SGD equal those of the network that was read', () => {
  it.each([
    ['timm-vit', 'vit', { numHeads: 2 }, { left: ['classifier'], tolerance: 1e-4 }],
    ['timm-dinov2', 'vit', { numHeads: 2 }, { left: [], tolerance: 1e-4 }],
    ['timm-vit-mean', 'vit', { numHeads: 2 }, { left: [], tolerance: 1e-4 }],
    ['huggingface-vit', 'huggingface-vit', {}, { left: ['classifier'], tolerance: 1e-4 }],
    ['huggingface-dinov2', 'huggingface-dinov2', {}, { left: ['mask token'], tolerance: 1e-4 }],
    ['huggingface-dinov2-registers', 'huggingface-dinov2', {}, { left: ['mask token'], tolerance: 1e-4 }],
    ['huggingface-mae', 'huggingface-vit', {}, { left: ['decoder'], tolerance: 1e-4 }],
    ['huggingface-bert', 'huggingface-bert', {}, { left: ['pooler'], tolerance: 1e-4 }],
    ['huggingface-distilbert', 'huggingface-distilbert', {}, { left: ['masked-language head'], tolerance: 1e-4 }],
    ['timm-resnet18', 'resnet', {}, { left: ['classifier'], tolerance: 1e-4 }],
    ['timm-resnet50', 'resnet', {}, { left: ['classifier'], tolerance: 1e-4 }],
    ['huggingface-resnet18', 'huggingface-resnet', {}, { left: [], tolerance: 1e-4 }],
  ] as const)(
    '%s',
    async (name, family, options, { left, tolerance }) => {
      const fixture = readFixture(name) as Fixture;
      const { seed, rate, updates } = fixture;
      const tensors = tensorsOf(fixture);
      const read = readPretrained({ tensors, ...(fixture.config && { config: fixture.config }) }, options);
      expect(read.family).toBe(family);
      expect(read.left).toEqual(left);
      const encoder: Module = read.factory(createRng(0));
      const features = featuresOf(encoder, fixture);
      const inference = tf.tidy(() => features({ training: false }));
      expect(inference.shape).toEqual(fixture.featureShape);
      const gap = async (path: string, tensor: tf.Tensor, expected: TensorSummary) =>
        deviation(seed, path, { actual: Float32Array.from(await tensor.data()), expected });
      expect(await gap('features', inference, fixture.features)).toBeLessThan(tolerance);

      const direction = tf.tensor(hashedValues(seed, 'loss', inference.size), inference.shape);
      let training: tf.Tensor | undefined;
      const { value, grads } = tf.variableGrads(() => {
        training = tf.keep(features({ training: true }));
        return tf.sum<tf.Scalar>(tf.mul(training, direction));
      }, Object.values(encoder.trainable));
      expect(await gap('training', training!, fixture.training)).toBeLessThan(tolerance);
      tf.tidy(() => {
        for (const variable of Object.values(encoder.trainable))
          variable.assign(tf.sub<tf.Tensor>(variable, tf.mul(grads[variable.name]!, rate)));
      });
      const after = toForeign(read.family, await saveWeights(encoder), foreignOptions(read));
      tf.dispose([inference, direction, training!, value, grads]);
      encoder.dispose();

      const inFile = (path: string) => [...tensors.keys()].find((name) => name.replace(/^(vit|bert|distilbert)\./, '') === path)!;
      const prefixed = new Map([...after].map(([path, tensor]) => [inFile(path), tensor]));
      const changed = Object.keys(updates).filter((path) => !prefixed.has(path));
      expect(changed).toEqual([]); // all that the other side trained is ours
      for (const [path, { data, shape }] of prefixed) {
        const start = tensors.get(path)!;
        expect(shape, path).toEqual(start.shape);
        const delta = data.map((x, i) => x - start.data[i]!);
        const expected = updates[path];
        // a constant added to all scores of a row changes nothing: the gradient of a key's bias is rounding noise on both sides
        if (!expected || /(key|k_lin)\.bias$/.test(path)) expect(Math.max(...delta.map(Math.abs)), path).toBeLessThan(1e-5);
        else expect(deviation(seed, path, { actual: delta, expected }), path).toBeLessThan(1e-3);
      }
    },
    120_000,
  );
});

describe('what is adapted equals what timm makes of it', () => {
  const fixture = readFixture('resampled') as {
    seed: number;
    patches: { from: number; to: number; values: number[] }[];
    positions: { from: number; to: number; first: number; values: number[] }[];
    channels: { to: number; values: number[] }[];
  };
  const close = (actual: ArrayLike<number>, expected: readonly number[]) => {
    expect(actual.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value), `value ${i}`).toBeLessThan(1e-5);
  };
  /** `[out, in, k, k]` as `[k · k, in, out]` and back. */
  const turned = (data: ArrayLike<number>, [out, channels, places]: readonly [number, number, number]) =>
    Float32Array.from({ length: data.length }, (_, at) => {
      const [o, i, k] = [at % out, Math.floor(at / out) % channels, Math.floor(at / out / channels)];
      return data[(o * channels + i) * places + k]!;
    });
  const theirs = (data: Float32Array, [out, channels, places]: readonly [number, number, number]) => turned(data, [places, channels, out]);

  it.each(fixture.patches)('the kernel of patches of $from pixels for $to', ({ from, to, values }) => {
    const kernel = turned(hashedValues(fixture.seed, `patch${from}`, 4 * from * from), [2, 2, from * from]);
    const { data, shape } = resizePatches({ data: kernel, shape: [from * from * 2, 2] }, { from, to });
    expect(shape).toEqual([to * to * 2, 2]);
    close(theirs(data, [2, 2, to * to]), values);
  });

  it.each(fixture.positions)('positions of $from x $from for $to x $to', ({ from, to, first, values }) => {
    const rows = first + from * from;
    const { data, shape } = resizePositions(
      { data: hashedValues(fixture.seed, `positions${from}`, rows * 3), shape: [rows, 3] },
      { first, from, to },
    );
    expect(shape).toEqual([first + to * to, 3]);
    close(data, values);
  });

  it.each(fixture.channels)('the kernel of three channels for $to', ({ to, values }) => {
    const kernel = turned(hashedValues(fixture.seed, 'stem', 48), [4, 3, 4]);
    close(theirs(adaptChannels(kernel, { places: 4, from: 3, to, filters: 4 }), [4, to, 4]), values);
  });
});
