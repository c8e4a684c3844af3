import { copyVariables, createMomentumPair, createRng, drawNormal, soloCollective } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromLayersModel } from './from-layers-model.ts';
import { batchNorm, conv2d, globalAveragePool, linear, loadWeights, saveWeights, sequential } from './index.ts';

const build = (
  seed: number,
  {
    last = [
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 5, kernelInitializer: tfl.initializers.glorotUniform({ seed }) }),
    ],
  } = {},
) =>
  // prettier-ignore
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, useBias: false, kernelInitializer: tfl.initializers.heNormal({ seed }) }), // prettier-ignore
      tfl.layers.batchNormalization({ momentum: 0.8, epsilon: 1e-5 }),
      tfl.layers.reLU(),
      ...last,
    ],
  });
const images = (tag: string) => tf.tensor4d(drawNormal(createRng(3).fold(tag), 8 * 6 * 6 * 2), [8, 6, 6, 2]);
const paths = ['batch-normalization1/beta', 'batch-normalization1/gamma', 'conv2d1/kernel', 'dense1/bias', 'dense1/kernel'];
const buffers = ['batch-normalization1/moving-mean', 'batch-normalization1/moving-variance'];
const valuesOf = (variables: Readonly<Record<string, tf.Variable>>) =>
  Object.fromEntries(Object.entries(variables).map(([path, variable]) => [path, [...variable.dataSync()]]));

const fill = (variable: tf.Variable, value: number) => {
  tf.tidy(() => {
    variable.assign(tf.fill(variable.shape, value));
  });
};

describe('fromLayersModel', () => {
  let model: tfl.Sequential;
  beforeAll(() => {
    model = build(1);
  });
  afterAll(() => {
    model.dispose();
  });

  it('says that the batch normalization of tfjs-layers sees one rank', () => {
    const encoder = fromLayersModel(model)(createRng(0));
    const x = images('x');
    const ranks = { ...soloCollective, worldSize: 2 };
    expect(() => encoder.apply(x, { training: true, synchronize: ranks })).toThrow(
      'fromLayersModel: batch normalization of tfjs-layers sees this rank alone and cannot be synchronized over ranks',
    );
    for (const options of [
      { training: false, synchronize: ranks },
      { training: true, synchronize: soloCollective },
    ])
      encoder.apply(x, options).dispose();
    encoder.dispose();
    x.dispose();
  });

  it('names variables by the structure, the same for each encoder; what is not trained is a buffer', () => {
    const factory = fromLayersModel(model);
    expect(factory.outputDim).toBe(5);
    const [a, b] = [factory(createRng(0)), factory(createRng(1))];
    for (const { trainable, buffers: kept } of [a, b]) {
      expect(Object.keys(trainable).sort()).toEqual(paths);
      expect(Object.keys(kept).sort()).toEqual(buffers);
    }
    expect(valuesOf(a.trainable)).toEqual(valuesOf(b.trainable)); // both start from the model's weights
    expect(valuesOf(a.trainable)['conv2d1/kernel']).toEqual([...model.getWeights()[0]!.dataSync()]);
    fill(a.trainable['dense1/bias']!, 1);
    expect(valuesOf(b.trainable)['dense1/bias']).toEqual([0, 0, 0, 0, 0]);
    a.dispose();
    b.dispose();
    expect(model.getWeights()[0]!.isDisposed).toBe(false);
  });

  it.each([
    ['the model', () => fromLayersModel(model)],
    ['a function', () => fromLayersModel((seed) => build(seed))],
  ] as const)(
    // prettier-ignore
    '%s: computes, differentiates and moves its statistics as our own layers with the same weights',
    (_, make) => {
      const encoder = make()(createRng(0));
      const own = sequential<tf.Tensor4D, tf.Tensor2D>({
        conv2d1: conv2d({ inChannels: 2, filters: 4, kernelSize: 3 }),
        'batch-normalization1': batchNorm<tf.Tensor4D>({ channels: 4, momentum: 0.8, activation: 'relu' }),
        pool: globalAveragePool(),
        dense1: linear({ inputDim: 4, outputDim: 5 }),
      })(createRng(0));
      const ownPath = (path: string) => path.replace('gamma', 'scale').replace('beta', 'offset').replace('moving-', '');
      const of = (list: Readonly<Record<string, tf.Variable>>) => Object.entries(list).map(([path, v]) => [path, v, { ...own.trainable, ...own.buffers }[ownPath(path)]!] as const); // prettier-ignore
      const close = (a: tf.Tensor, b: tf.Tensor, scale = 1) => {
        const expected = b.dataSync();
        a.dataSync().forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]! * scale, 4);
        });
      };
      for (const [, variable, ours] of [...of(encoder.trainable), ...of(encoder.buffers)]) ours.assign(variable);
      tf.tidy(() => {
        const x = images('a');
        for (const training of [false, true]) {
          const gradients = [encoder, own].map((module) =>
            tf.variableGrads(() => tf.mean<tf.Scalar>(tf.square(module.apply(x, { training }))), Object.values(module.trainable)),
          );
          close(gradients[0]!.value, gradients[1]!.value);
          for (const [path, variable, ours] of of(encoder.trainable)) {
            const gradient = gradients[0]!.grads[variable.name]!;
            expect(Math.max(...tf.abs(gradient).dataSync()), path).toBeGreaterThan(0);
            close(gradient, gradients[1]!.grads[ours.name]!);
          }
        }
        const [[, mean, ownMean], [, variance, ownVariance]] = of(encoder.buffers) as [ReturnType<typeof of>[0], ReturnType<typeof of>[0]];
        expect(Math.max(...tf.abs(mean).dataSync())).toBeGreaterThan(0);
        close(mean, ownMean);
        // 0.8 · 1 + 0.2 · var: tfjs keeps the biased variance of 8 · 4 · 4 values
        close(tf.sub(variance, 0.8), tf.sub(ownVariance, 0.8), 127 / 128);
      });
      encoder.dispose();
      own.dispose();
    },
  );

  it('writes nothing at inference', () => {
    const encoder = fromLayersModel(model)(createRng(0));
    const before = valuesOf(encoder.buffers);
    tf.tidy(() => void encoder.apply(images('a'), { training: false }));
    expect(valuesOf(encoder.buffers)).toEqual(before);
    encoder.dispose();
  });

  it('builds with a seed from the rng: the same weights for the same, others for others', () => {
    const factory = fromLayersModel((seed) => build(seed));
    const [a, b, c] = [createRng(4), createRng(4), createRng(5)].map(factory);
    expect(valuesOf(a!.trainable)).toEqual(valuesOf(b!.trainable));
    expect(valuesOf(a!.trainable)).not.toEqual(valuesOf(c!.trainable));
    for (const encoder of [a!, b!, c!]) encoder.dispose();
  });

  it('has target networks that follow on their own, and weights that can be saved', async () => {
    const pair = createMomentumPair(
      fromLayersModel((seed) => build(seed)),
      createRng(0),
    );
    expect(valuesOf(pair.target.trainable)).toEqual(valuesOf(pair.online.trainable));
    fill(pair.online.trainable['dense1/bias']!, 1);
    pair.update(0.75);
    for (const value of valuesOf(pair.target.trainable)['dense1/bias']!) expect(value).toBeCloseTo(0.25, 6);
    const other = fromLayersModel(model)(createRng(0));
    loadWeights(other, await saveWeights(pair.online));
    expect(valuesOf(other.trainable)).toEqual(valuesOf(pair.online.trainable));
    copyVariables(pair.target.trainable, other.trainable);
    pair.dispose();
    other.dispose();
  });

  it('takes functional and nested models, frozen layers and maps of features', () => {
    const inner = build(1, { last: [] });
    inner.layers[0]!.trainable = false;
    const input = tfl.input({ shape: [6, 6, 2] });
    const functional = tfl.model({ inputs: input, outputs: inner.apply(input) as tfl.SymbolicTensor });
    const factory = fromLayersModel(functional);
    const encoder = factory(createRng(0));
    expect(factory.outputDim).toBe(4);
    expect(Object.keys(encoder.trainable).sort()).toEqual([
      'sequential1/batch-normalization1/beta',
      'sequential1/batch-normalization1/gamma',
    ]);
    expect(Object.keys(encoder.buffers).sort()).toEqual([...buffers.map((path) => `sequential1/${path}`), 'sequential1/conv2d1/kernel']);
    tf.tidy(() => {
      const map = functional.predict(images('a')) as tf.Tensor4D;
      expect([...encoder.apply(images('a'), { training: false }).dataSync()]).toEqual([...tf.mean(map, [1, 2]).dataSync()]);
    });
    encoder.dispose();
    functional.dispose();
  });

  it('refuses models that are no encoders of images', () => {
    const dense = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [3] })] });
    expect(() => fromLayersModel(dense)).toThrow('one input of rank 4 and one output of rank 2 or 4, got [null, 3] to [null, 2]');
    dense.dispose();
    const late = fromLayersModel(() => tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [3] })] }), {
      channels: 2,
      outputDim: 2,
    });
    expect(() => late(createRng(0))).toThrow('one input of rank 4'); // and leaves no weights behind
    const open = tfl.sequential({ layers: [tfl.layers.reLU({ inputShape: [null, null, null] })] });
    expect(() => fromLayersModel(open)).toThrow('`channels` must be given, the model leaves it open');
    expect(() => fromLayersModel(model, { outputDim: 0 })).toThrow('`outputDim` must be an integer >= 1, got 0');
    const wrong = fromLayersModel((seed) => build(seed), { channels: 2, outputDim: 9 })(createRng(0));
    const x = images('a');
    expect(() => wrong.apply(x, { training: false })).toThrow('`outputDim` must be the 5 columns that the model gives, got 9');
    x.dispose();
    wrong.dispose();
  });
});
