import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dinoLoss } from './dino-loss.ts';

const value = (scalar: tf.Scalar) => scalar.dataSync()[0]!;

describe('dinoLoss', () => {
  it('skips the pairs of one view: a single teacher view is compared with the others alone', () => {
    tf.tidy(() => {
      const [teacher, same, other] = [tf.tensor2d([[50, 0]]), tf.tensor2d([[3, 1]]), tf.tensor2d([[0, 0.1]])];
      const options = { studentTemperature: 0.1, teacherTemperature: 1 };
      // −log softmax([0, 1])[0]; the first student view does not count
      expect(value(dinoLoss([same, other], [teacher], options))).toBeCloseTo(Math.log(1 + Math.E), 5);
      expect(value(dinoLoss([tf.zerosLike(same), other], [teacher], options))).toBeCloseTo(Math.log(1 + Math.E), 5);
    });
  });

  it('is the entropy of the target when the student has it, and log outputDim when all is uniform', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([[0.3, -0.2, 0.1]]);
      const q = tf.softmax(tf.div(logits, 0.2));
      const entropy = -value(tf.sum(tf.mul(q, tf.log(q))));
      const options = { studentTemperature: 0.2, teacherTemperature: 0.2 };
      expect(value(dinoLoss([logits, logits], [logits, logits], options))).toBeCloseTo(entropy, 5);
      const zeros = tf.zeros<tf.Rank.R2>([8, 16]);
      expect(value(dinoLoss([zeros, zeros, zeros], [zeros]))).toBeCloseTo(Math.log(16), 5);
    });
  });

  it('does not change when teacher and center move by one vector', () => {
    tf.tidy(() => {
      const [a, b] = [tf.tensor2d([[0.1, 0.2, -0.3]]), tf.tensor2d([[0.4, 0, 0.2]])];
      const shift = tf.tensor1d([0.5, -0.25, 1]);
      expect(value(dinoLoss([a, b], [tf.add(b, shift)], { center: shift }))).toBeCloseTo(value(dinoLoss([a, b], [b])), 4);
    });
  });

  it('gives teacher and center no gradient', () => {
    tf.tidy(() => {
      const [a, b, center] = [tf.tensor2d([[0.1, 0.2]]), tf.tensor2d([[0.4, 0]]), tf.tensor1d([0.1, 0])];
      const loss = (...[student, teacher, middle]: tf.Tensor[]) =>
        dinoLoss([student as tf.Tensor2D, a], [teacher as tf.Tensor2D, b], { center: middle as tf.Tensor1D });
      const [student, ...rest] = tf.grads(loss)([a, b, center]);
      expect(Math.max(...student!.dataSync().map(Math.abs))).toBeGreaterThan(1e-3);
      for (const gradient of rest) expect([...gradient.dataSync()].map(Math.abs)).toEqual([0, 0]);
    });
  });

  it('stays finite at large logits and a temperature of 0.01', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([[300, -300, 0]]);
      const { value: loss, grad } = tf.valueAndGrad((s: tf.Tensor) =>
        dinoLoss([s as tf.Tensor2D, logits], [logits, tf.neg(logits)], { studentTemperature: 0.01, teacherTemperature: 0.01 }),
      )(logits);
      expect([...loss.dataSync(), ...grad.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const x = tf.zeros<tf.Rank.R2>([4, 3]);
      expect(() => dinoLoss([x], [x])).toThrow(
        'dinoLoss: `student` must hold at least 2 views and those of `teacher`, at least one, got 1 and 1',
      );
      expect(() => dinoLoss([x, x], [x, x, x])).toThrow('got 2 and 3');
      expect(() => dinoLoss([x, x], [])).toThrow('got 2 and 0');
      expect(() => dinoLoss([x, tf.zeros([4, 2])], [x])).toThrow(
        'dinoLoss: `student[1]` must have shape [4, 3] like `student[0]`, got [4, 2]',
      );
      expect(() => dinoLoss([x, x], [tf.zeros([3, 3])])).toThrow('`teacher[0]` must have shape [4, 3]');
      expect(() => dinoLoss([x, x], [x], { center: tf.zeros([4]) })).toThrow('dinoLoss: `center` must have shape [3], got [4]');
      expect(() => dinoLoss([x, x], [x], { teacherTemperature: 0 })).toThrow(
        'dinoLoss: `teacherTemperature` must be a finite number > 0, got 0',
      );
    });
  });
});
