import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { featureDistillationLoss } from './feature-distillation-loss.ts';
import { seedLoss } from './seed-loss.ts';

const [n, dim, queueSize] = [5, 4, 7];
const draw = (tag: string, rows: number) => drawNormal(createRng(3).fold(tag), rows * dim);
type Rows = readonly (readonly number[])[];
const rowsOf = (values: ArrayLike<number>): Rows =>
  Array.from({ length: values.length / dim }, (_, i) => Array.from({ length: dim }, (_unused, j) => values[i * dim + j]!));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const unit = (row: readonly number[]) => row.map((value) => value / Math.hypot(...row));
const softmax = (logits: readonly number[]) => {
  const top = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
  return logits.map((logit) => Math.exp(logit - top) / total);
};

/** The definitions in float64, row by row. */
const definitions = {
  cosine: (student: Rows, teacher: Rows) => student.reduce((sum, row, i) => sum + (1 - dot(unit(row), unit(teacher[i]!))) / n, 0),
  mse: (student: Rows, teacher: Rows) =>
    student.reduce((sum, row, i) => sum + row.reduce((s, value, j) => s + (value - teacher[i]![j]!) ** 2, 0) / (n * dim), 0),
  seed: (student: Rows, teacher: Rows) => {
    const queue = rowsOf(draw('queue', queueSize)).map(unit);
    return student.reduce((sum, row, i) => {
      const own = unit(teacher[i]!);
      const list = [own, ...queue];
      const p = softmax(list.map((other) => dot(own, other) / 0.05));
      const q = softmax(list.map((other) => dot(unit(row), other) / 0.2));
      return sum - p.reduce((s, value, j) => s + value * Math.log(q[j]!), 0) / n;
    }, 0);
  },
};
const losses = {
  cosine: (student: tf.Tensor2D, teacher: tf.Tensor2D) => featureDistillationLoss(student, teacher),
  mse: (student: tf.Tensor2D, teacher: tf.Tensor2D) => featureDistillationLoss(student, teacher, { measure: 'mse' }),
  seed: (student: tf.Tensor2D, teacher: tf.Tensor2D) =>
    seedLoss(student, teacher, { queue: tf.tensor2d(draw('queue', queueSize), [queueSize, dim]), teacherTemperature: 0.05 }),
};

describe.each(['cosine', 'mse', 'seed'] as const)('%s', (name) => {
  const [student, teacher] = [draw('student', n), draw('teacher', n)];
  const loss = (values: ArrayLike<number>) => definitions[name](rowsOf(values), rowsOf(teacher));

  it('is its definition in float64, with the gradient of central differences', () => {
    tf.tidy(() => {
      const y = tf.tensor2d(teacher, [n, dim]);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor2D) => losses[name](x, y))(tf.tensor2d(student, [n, dim]));
      expect(value.dataSync()[0]! / loss(student)).toBeCloseTo(1, 5);
      const slopes = grad.dataSync();
      for (let i = 0; i < n * dim; i++) {
        const at = (h: number) => loss(Float64Array.from(student, (v, j) => v + (i === j ? h : 0)));
        expect(slopes[i]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 4);
      }
    });
  });
});

it('teaches nothing to the teacher of SEED', () => {
  tf.tidy(() => {
    const [x, y] = [tf.tensor2d(draw('student', n), [n, dim]), tf.tensor2d(draw('teacher', n), [n, dim])];
    const [, gradient] = tf.grads((s: tf.Tensor, t: tf.Tensor) => losses.seed(s as tf.Tensor2D, t as tf.Tensor2D))([x, y]);
    expect(Math.max(...tf.abs(gradient!).dataSync())).toBe(0);
  });
});

it('says what does not fit', () => {
  const message = (act: () => unknown) => {
    try {
      tf.tidy(() => void act());
    } catch (error) {
      return isSelfsupError(error) ? `${error.code}: ${error.message}` : String(error);
    }
    return 'nothing was thrown';
  };
  const [x, wide] = [() => tf.ones<tf.Rank.R2>([2, 3]), () => tf.ones<tf.Rank.R2>([2, 4])];
  expect(message(() => featureDistillationLoss(x(), wide()))).toContain(
    'SELFSUP_SHAPE: featureDistillationLoss: `features` must have shape [2, 3]',
  );
  expect(message(() => featureDistillationLoss(x(), x(), { measure: 'l1' as 'mse' }))).toContain(
    "`measure` must be 'cosine' or 'mse', got 'l1'",
  );
  expect(message(() => seedLoss(x(), x(), { queue: wide() }))).toContain('`queue` must have shape [queueSize, 3], got [2, 4]');
  expect(message(() => seedLoss(x(), x(), { queue: x(), teacherTemperature: 0 }))).toContain(
    '`teacherTemperature` must be a finite number > 0',
  );
});
