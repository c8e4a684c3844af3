import { createRng, drawNormal } from '@selfsup/core';
import { conv2d, dinoHead, globalAveragePool, sequential, stateless, vit } from '@selfsup/encoders';
import { dinoLoss } from '@selfsup/losses';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { context, descend, lossOf, projectionPerceptron, readValues, backbone as fixedSize } from '../fixtures/tiny-networks.ts';
import { dino, type DinoOptions } from './dino.ts';

const outputDim = 5;
const backbone = sequential<tf.Tensor4D, tf.Tensor2D>({
  conv: conv2d({ inChannels: 2, filters: 6, kernelSize: 3, padding: 1 }),
  relu: stateless((x: tf.Tensor4D) => tf.relu(x)),
  pool: globalAveragePool(),
});
const networks = { backbone, projectionHead: dinoHead({ inputDim: 6, hiddenDim: 7, bottleneckDim: 4, outputDim }), outputDim };
const makeCrops = (sides: readonly number[] = [6, 6, 4, 3], n = 4): { views: tf.Tensor4D[] } => ({
  views: sides.map((side, v) => tf.tensor4d(drawNormal(createRng(1).fold(v), n * side * side * 2), [n, side, side, 2])),
});
const create = (options: Partial<DinoOptions> = {}) => dino({ ...networks, ...options }).create({ rng: createRng(0), totalSteps: 10 });

describe('dino', () => {
  it('computes dinoLoss of student and teacher logits, and entropies that add up to it', () => {
    const run = create();
    const batch = makeCrops();
    const center = tf.tensor1d([0.3, -0.1, 0, 0.2, -0.2]);
    run.buffers['center']!.assign(center);
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, batch);
      const head = networks.projectionHead(createRng(0).fold('projectionHead'));
      const logits = batch.views.map((view) =>
        head.apply(run.encoders['backbone']!.apply(view, { training: true }) as tf.Tensor2D, { training: true }),
      );
      const expected = dinoLoss(logits, logits.slice(0, 2), { center }).dataSync()[0]!; // the teacher starts as a copy
      expect(loss.dataSync()[0]).toBeCloseTo(expected, 4);
      const { teacherEntropy, usageEntropy, klDivergence, zStd } = metrics as Record<string, tf.Scalar>;
      expect(teacherEntropy!.dataSync()[0]! + klDivergence!.dataSync()[0]!).toBeCloseTo(expected, 4);
      expect(usageEntropy!.dataSync()[0]).toBeGreaterThanOrEqual(teacherEntropy!.dataSync()[0]! - 1e-6); // entropy is concave
      expect(usageEntropy!.dataSync()[0]).toBeLessThan(Math.log(outputDim));
      expect(zStd!.dataSync()[0]).toBeGreaterThan(0);
      head.dispose();
    });
    run.dispose();
    tf.dispose([center, batch.views]);
  });

  it('moves the center by the mean of raw teacher logits over both views and all rows, after the loss', () => {
    const run = create({ centerMomentum: 0.75 });
    const first = tf.tensor1d([1, 0, -1, 0.5, 0]);
    run.buffers['center']!.assign(first);
    tf.tidy(() => {
      const teacherLogits = [
        tf.tensor2d([[1, 2, 3, 4, 5], [3, 2, 1, 0, -1]]), // prettier-ignore
        tf.ones<tf.Rank.R2>([2, outputDim]),
      ];
      run.afterStep!({ targets: { teacherLogits }, kept: {} }, context());
      run.buffers['center']!.dataSync().forEach((value, i) => {
        expect(value).toBeCloseTo(0.75 * first.dataSync()[i]! + 0.25 * 1.5, 5);
      });
    });
    run.dispose();
    first.dispose();
  });

  it('moves the teacher, which no gradient reaches, with the momentum of the update: by default a cosine from 0.996 to 1', () => {
    for (const [options, step, weight] of [
      [{}, 5, 0.998],
      [{ momentum: (at: number) => at / 10 }, 5, 0.5],
    ] as const) {
      const run = create(options);
      const batch = makeCrops();
      descend(run, batch, { context: context(), rate: 5 });
      const before = readValues(run);
      descend(run, batch, { context: context({ step }), rate: 5 });
      const after = readValues(run);
      for (const path of Object.keys(run.trainable))
        after[`teacher/${path}`]!.forEach((value, i) => {
          const expected = weight * before[`teacher/${path}`]![i]! + (1 - weight) * after[path]![i]!;
          expect(Math.abs(value - expected) / Math.max(1, Math.abs(expected)), path).toBeLessThan(1e-5);
        });
      run.dispose();
      tf.dispose(batch.views);
    }
  });

  it('freezes the last layer during the first steps alone', () => {
    const run = create({ freezeLastLayerSteps: 2 });
    const gradients = Object.fromEntries(Object.keys(run.trainable).map((path) => [path, tf.scalar(1)]));
    for (const step of [0, 1, 2]) {
      const left = run.transformGradients!(gradients, context({ step }));
      const frozen = Object.keys(left).filter((path) => left[path] === null);
      expect(frozen).toEqual(step < 2 ? ['projectionHead/lastLayer/kernel'] : []);
    }
    tf.dispose(gradients);
    run.dispose();
  });

  it('subtracts no center with `centering: false`, and reads the teacher temperature at the step', () => {
    const batch = makeCrops();
    const lossAt = (options: Partial<DinoOptions>, step: number) => {
      const run = create(options);
      const center = tf.tensor1d([0.9, -0.9, 0, 0, 0]);
      run.buffers['center']!.assign(center);
      const value = tf.tidy(() => lossOf(run, batch, { step }).loss.dataSync()[0]!);
      center.dispose();
      run.dispose();
      return value;
    };
    expect(Math.abs(lossAt({ centering: false }, 0) - lossAt({}, 0))).toBeGreaterThan(0.01);
    const teacherTemperature = (step: number) => 0.04 + step / 10;
    expect(lossAt({ teacherTemperature }, 3)).toBe(lossAt({ teacherTemperature: 0.34 }, 3));
    expect(Math.abs(lossAt({ teacherTemperature }, 3) - lossAt({ teacherTemperature }, 0))).toBeGreaterThan(0.01);
    tf.dispose(batch.views);
  });

  it.each(['cpu', 'wasm'])('trains vit on crops of two sizes on %s', async (backend) => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
    const encoder = vit({ imageSize: 9, patchSize: 3, channels: 2, numLayers: 1, width: 8, numHeads: 2, positions: 'learned' });
    const head = dinoHead({ inputDim: 8, hiddenDim: 7, bottleneckDim: 4, outputDim });
    const run = create({ backbone: encoder, projectionHead: head, momentum: 0.9 });
    const batch = makeCrops([9, 9, 6, 6, 3]);
    const before = readValues(run);
    const losses = [0, 1, 2].map((step) => {
      const { loss, largest } = descend(run, batch, { context: context({ step }), rate: 0.02 });
      expect(largest['backbone/patch/kernel']).toBeGreaterThan(0);
      expect(largest['backbone/positions']).toBeGreaterThan(0);
      return loss;
    });
    expect(losses[2]).toBeLessThan(losses[0]!);
    const after = readValues(run);
    for (const path of Object.keys(run.trainable).filter((name) => !name.endsWith('key/bias')))
      // no score depends on it
      expect(after[path], path).not.toEqual(before[path]);
    expect(after['teacher/backbone/positions']).not.toEqual(before['teacher/backbone/positions']);
    run.dispose();
    tf.dispose(batch.views);
    await tf.setBackend('cpu');
  });

  it('says where vit cannot divide a crop into patches', () => {
    const encoder = vit({ imageSize: 6, patchSize: 3, channels: 2, numLayers: 1, width: 8, numHeads: 2 });
    const run = create({ backbone: encoder, projectionHead: dinoHead({ inputDim: 8, hiddenDim: 7, bottleneckDim: 4, outputDim }) });
    const batch = makeCrops();
    expect(() => tf.tidy(() => lossOf(run, batch).loss)).toThrow(
      'vit: `images` must have shape [n >= 1, height, width, 2] with sides that are multiples of the patch size 3, got [4, 4, 4, 2]',
    );
    run.dispose();
    tf.dispose(batch.views);
  });

  it.each([
    [[6], 'dino: the batch must have `views`, a list of at least 2 image tensors, got 1'],
    [[6, 4], 'dino: `views[1]` must have shape [4, 6, 6, 2] like `views[0]`, as both are global, got [4, 4, 4, 2]'],
  ])('refuses views of sides %j', (sides, message) => {
    const run = create();
    const batch = makeCrops(sides);
    expect(() => tf.tidy(() => lossOf(run, batch).loss)).toThrow(message);
    run.dispose();
    tf.dispose(batch.views);
  });

  it('refuses local views of other images, and a head of other columns', () => {
    const batch = { views: [...makeCrops([6, 6]).views, ...makeCrops([4], 3).views] };
    const run = create();
    expect(() => tf.tidy(() => lossOf(run, batch).loss)).toThrow('dino: `views[2]` must have shape [4, height, width, 2]');
    run.dispose();
    const wider = create({ outputDim: 6 });
    const good = { views: batch.views.slice(0, 2) };
    expect(() => tf.tidy(() => lossOf(wider, good).loss)).toThrow("dino: `outputDim` must be 5, the head's columns, got 6");
    wider.dispose();
    tf.dispose(batch.views);
  });

  it('refuses options out of range', () => {
    for (const [options, message] of [
      [{ outputDim: 0 }, '`outputDim` must be an integer >= 1, got 0'],
      [{ studentTemperature: 0 }, '`studentTemperature` must be finite and > 0, got 0'],
      [{ studentTemperature: Infinity }, '`studentTemperature` must be finite and > 0, got Infinity'],
      [{ teacherTemperature: -1 }, '`teacherTemperature` must be finite and > 0, got -1'],
      [{ momentum: 1.5 }, '`momentum` must be in [0, 1], got 1.5'],
      [{ centerMomentum: -0.1 }, '`centerMomentum` must be in [0, 1], got -0.1'],
      [{ freezeLastLayerSteps: 0.5 }, '`freezeLastLayerSteps` must be an integer >= 0, got 0.5'],
    ] as const)
      expect(() => dino({ ...networks, ...options })).toThrow(`dino: ${message}`);
    const plain = { backbone: fixedSize, projectionHead: projectionPerceptron, freezeLastLayerSteps: 1 };
    expect(() => create(plain)).toThrow('dino: `freezeLastLayerSteps` must be 0 for a head without `lastLayer`, got 1');
  });
});
