import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import { convNet, linear } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mappedNetwork } from '../fixtures/mapped-network.ts';
import { context, descend, lossOf, readValues, start } from '../fixtures/tiny-networks.ts';
import { distillation, type DistillationOptions } from './distillation.ts';
import { poolGrid } from './pool-grid.ts';
import { teacherImages } from './teacher-images.ts';

const teacher = Object.assign(() => convNet({ channels: 3, widths: [4, 5] })(createRng(9)), { outputDim: 5 });
const backbone = convNet({ channels: 3, widths: [4, 6] });
const head = linear({ inputDim: 6, outputDim: 5 });
const build = (options: Partial<DistillationOptions> = {}) =>
  distillation({ backbone, teacher, projectionHead: head, patchHead: head, ...options }).create(start);
const images = (n = 8, side = 8, seed = 1) =>
  tf.tensor4d(drawUniform(createRng(seed), n * side * side * 3, { min: -1, max: 1 }), [n, side, side, 3]);

const failure = (act: () => unknown) => {
  try {
    tf.tidy(() => void act());
  } catch (error) {
    return isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error);
  }
  return 'nothing was thrown';
};

describe('distillation', () => {
  it.each([
    ['features', {}],
    ['features by their squares', { measure: 'mse' }],
    ['patches', { featureWeight: 0, patchWeight: 1 }],
    ['similarities', { featureWeight: 0, similarityWeight: 1, queueSize: 32 }],
  ] as const)('brings the student closer to its teacher by %s, and leaves the teacher alone', (_, options) => {
    const run = build(options);
    const batch = { views: [images()] };
    const before = readValues({ trainable: run.frozen!, buffers: {} });
    expect(Object.keys(before)).toContain('teacher/norm2/variance');
    const losses = Array.from({ length: 12 }, (_unused, step) => descend(run, batch, { context: context({ step }), rate: 0.1 }).loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(readValues({ trainable: run.frozen!, buffers: {} })).toEqual(before);
    tf.dispose(batch);
    run.dispose();
  });

  it('is 0 for a student that is its teacher', () => {
    const same = mappedNetwork({ channels: 3, width: 5, norm: false });
    const fixed = Object.assign(() => same(createRng(9)), { outputDim: 5 });
    const identity = () => ({ trainable: {}, buffers: {}, apply: (x: tf.Tensor2D) => tf.clone(x), dispose: () => undefined });
    const options = { backbone: fixed, teacher: fixed, projectionHead: identity, patchHead: identity, standardize: false };
    const run = distillation({ ...options, measure: 'mse', patchWeight: 1 }).create(start);
    tf.tidy(() => {
      const { loss, metrics } = lossOf(run, { views: [images()] });
      expect(loss.dataSync()[0]).toBeCloseTo(0, 10);
      expect(metrics!['agreement']!.dataSync()[0]).toBeCloseTo(1, 5);
    });
    run.dispose();
  });

  it('writes running statistics once where the student runs twice', () => {
    const [once, twice] = [build(), build({ patchWeight: 1 })];
    tf.tidy(() => {
      const batch = { views: [images()] };
      for (const run of [once, twice]) lossOf(run, batch);
    });
    expect(readValues({ trainable: {}, buffers: twice.buffers })).toEqual(readValues({ trainable: {}, buffers: once.buffers }));
    once.dispose();
    twice.dispose();
  });

  it('says what does not fit', () => {
    expect(failure(() => build({ featureWeight: 0 }))).toContain('SELFSUP_OPTION: distillation: `featureWeight` must be > 0');
    expect(failure(() => build({ featureWeight: -1 }))).toContain('`featureWeight` must be finite and >= 0, got -1');
    expect(failure(() => build({ measure: 'l1' as 'mse' }))).toContain("`measure` must be 'cosine' or 'mse', got l1");
    const flat = () => ({ ...linear({ inputDim: 1, outputDim: 1 })(createRng(0)), apply: () => tf.zeros<tf.Rank.R2>([1, 1]) });
    expect(failure(() => build({ backbone: flat, patchWeight: 1 }))).toContain('`patchWeight` must be 0 with a `backbone` without maps');
    expect(failure(() => distillation({ backbone, teacher, projectionHead: head, patchWeight: 1 }).create(start))).toContain(
      'must be 0 with no `patchHead`',
    );
    const run = build({ similarityWeight: 1, queueSize: 4 });
    expect(failure(() => lossOf(run, { views: [images()] }))).toContain('the 8 keys of a step must fit into `queueSize` 4');
    expect(failure(() => lossOf(run, { views: [] }))).toContain('a list of 1 or 2 image tensors, got 0');
    const places = build({ patchWeight: 1 });
    expect(failure(() => lossOf(places, { views: [images(), images()] }))).toContain('with `patchWeight` the batch must have 1 view');
    const narrow = build({ projectionHead: linear({ inputDim: 6, outputDim: 3 }) });
    expect(failure(() => lossOf(narrow, { views: [images()] }))).toContain(
      'the output of `projectionHead` must have 5 columns like the teacher',
    );
    for (const made of [run, places, narrow]) made.dispose();
  });
});

describe('teacherImages', () => {
  it('undoes one normalization and does the other, and fits channels and size', () => {
    tf.tidy(() => {
      const pixels = tf.tensor4d(drawUniform(createRng(2), 2 * 16 * 3, { min: 0, max: 1 }), [2, 4, 4, 3]);
      const student = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.1] };
      const color = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
      const normalize = (x: tf.Tensor, { mean, std }: { mean: number[]; std: number[] }) => tf.div<tf.Tensor4D>(tf.sub(x, mean), std);
      const seen = normalize(pixels, student);
      const gap = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
      expect(gap(teacherImages(seen, { student, teacher: color }), normalize(pixels, color))).toBeLessThan(1e-5);
      const gray = { mean: [0.3], std: [0.5] };
      const luma = tf.sum(tf.mul(pixels, [0.299, 0.587, 0.114]), 3, true);
      expect(gap(teacherImages(seen, { student, teacher: gray }), normalize(luma, gray))).toBeLessThan(1e-5);
      const large = teacherImages(normalize(luma, gray), { student: gray, teacher: color, size: [6, 8] });
      expect(large.shape).toEqual([2, 6, 8, 3]);
      const [red, green] = tf.split(tf.add(tf.mul(large, color.std), color.mean), 3, 3);
      expect(gap(red!, green!)).toBeLessThan(1e-5);
      expect(teacherImages(seen, { student, teacher: student })).toBe(seen);
      const alpha = tf.concat<tf.Tensor4D>([pixels, tf.ones<tf.Rank.R4>([2, 4, 4, 1])], 3);
      const plain = (count: number) => ({ mean: Array<number>(count).fill(0), std: Array<number>(count).fill(1) });
      expect(gap(teacherImages(alpha, { student: plain(4), teacher: plain(3) }), pixels)).toBe(0);
      expect(failure(() => teacherImages(alpha, { student: plain(4), teacher: plain(6) }))).toContain(
        'the images of the student have 4 channels, of which the 6 that the teacher takes cannot be made; give a teacher of 4, 3 or 1 channels',
      );
    });
  });
});

describe('poolGrid', () => {
  it('takes the mean of what each place covers', () => {
    tf.tidy(() => {
      const maps = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, 4, 3, 1]);
      expect([...poolGrid(maps, [2, 1]).dataSync()]).toEqual([3.5, 9.5]);
      expect([...poolGrid(maps, [4, 2]).dataSync()]).toEqual([1.5, 2.5, 4.5, 5.5, 7.5, 8.5, 10.5, 11.5]);
      expect(poolGrid(maps, [4, 3])).toBe(maps);
    });
  });
});
