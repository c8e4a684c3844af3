import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dinoLoss } from './dino-loss.ts';
import { ibotPatchLoss, type IbotPatchLossOptions } from './ibot-patch-loss.ts';
import { koLeoLoss } from './ko-leo-loss.ts';

const draw = (n: number, dim: number, tag = 'x') => tf.tensor2d(drawNormal(createRng(4).fold(tag), n * dim), [n, dim]);
const value = (x: tf.Tensor) => x.dataSync()[0]!;

describe('ibotPatchLoss', () => {
  it('is the loss of DINO for one pair, and a row of weight 0 does not count', () => {
    tf.tidy(() => {
      const [student, teacher, center] = [draw(6, 4), draw(6, 4, 'teacher'), tf.tensor1d([0.1, -0.2, 0.3, 0])];
      const dino = dinoLoss([tf.zerosLike(student), student], [teacher], { center });
      expect(value(ibotPatchLoss(student, teacher, { center }))).toBeCloseTo(value(dino), 4);
      const weights = tf.tensor1d([0, 0.5, 0.25, 0, 0, 0.25]);
      const other = tf.tidy(() => tf.add<tf.Tensor2D>(student, tf.mul(draw(6, 4, 'noise'), tf.tensor2d([[1], [0], [0], [1], [1], [0]]))));
      expect(value(ibotPatchLoss(other, teacher, { weights }))).toBeCloseTo(value(ibotPatchLoss(student, teacher, { weights })), 4);
    });
  });

  it.each<[string, () => IbotPatchLossOptions]>([
    ['`weights` must have shape [3], one for each row, got [2]', () => ({ weights: tf.tensor1d([1, 1]) })],
    ['`center` must have shape [4], got [3]', () => ({ center: tf.tensor1d([1, 1, 1]) })],
    ['`teacherTemperature` must be a finite number > 0, got 0', () => ({ teacherTemperature: 0 })],
  ])('refuses: %s', (message, options) => {
    tf.tidy(() => {
      expect(() => ibotPatchLoss(draw(3, 4), draw(3, 4), options())).toThrow(`ibotPatchLoss: ${message}`);
    });
  });
});

describe('koLeoLoss', () => {
  it('is -log 2 for opposite vectors of any length, and finite with a finite gradient for equal ones', () => {
    tf.tidy(() => {
      expect(value(koLeoLoss(tf.tensor2d([[3, 0], [-1, 0]])))).toBeCloseTo(-Math.LN2, 5); // prettier-ignore
      const { value: loss, grad } = tf.valueAndGrad((x: tf.Tensor2D) => koLeoLoss(x))(tf.ones([3, 2]));
      expect(value(loss)).toBeGreaterThan(10);
      expect([...grad.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  it('sees the nearest neighbor alone', () => {
    tf.tidy(() => {
      const angles = (...all: number[]) => tf.tensor2d(all.map((angle) => [Math.cos(angle), Math.sin(angle)]));
      const chord = (angle: number) => 2 * Math.sin(angle / 2);
      const expected = -(2 * Math.log(chord(0.2)) + Math.log(chord(1))) / 3;
      expect(value(koLeoLoss(angles(0, 0.2, 1.2)))).toBeCloseTo(expected, 4);
    });
  });

  it('refuses a single row and a bad epsilon', () => {
    tf.tidy(() => {
      expect(() => koLeoLoss(draw(1, 4))).toThrow('koLeoLoss: `embeddings` must have at least 2 rows, got [1, 4]');
      expect(() => koLeoLoss(draw(2, 4), { epsilon: 0 })).toThrow('koLeoLoss: `epsilon` must be a finite number > 0, got 0');
    });
  });
});
