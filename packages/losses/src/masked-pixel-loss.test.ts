import { isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { maskedPixelLoss } from './masked-pixel-loss.ts';

const predictions = () => tf.tensor3d([1, 3, 9, 9, -2, 0, 1, 1], [2, 2, 2]);
const pixels = () => tf.tensor3d([0, 0, 0, 0, 0, 1, 1, 1], [2, 2, 2]);

it('is the mean of the masked patches alone, squared or absolute, and its gradient reaches no other', () => {
  tf.tidy(() => {
    const mask = tf.tensor2d([1, 0, 1, 0], [2, 2]);
    const value = (distance?: 'squared' | 'absolute') =>
      maskedPixelLoss(predictions(), pixels(), { mask, ...(distance && { distance }) }).dataSync()[0];
    expect(value()).toBeCloseTo((5 + 2.5) / 2, 6);
    expect(value('absolute')).toBeCloseTo((2 + 1.5) / 2, 6);
    const gradient = tf.grad((x: tf.Tensor) => maskedPixelLoss(x as tf.Tensor3D, pixels(), { mask }))(predictions());
    expect([...gradient.dataSync()]).toEqual([0.5, 1.5, 0, 0, -1, -0.5, 0, 0]);
  });
});

it('is 0 where nothing is masked', () => {
  tf.tidy(() => {
    expect(maskedPixelLoss(predictions(), pixels(), { mask: tf.zeros([2, 2]) }).dataSync()[0]).toBe(0);
  });
});

it('says what is wrong', () => {
  tf.tidy(() => {
    const mask = tf.zeros<tf.Rank.R2>([2, 2]);
    const failures: [string, string, () => unknown][] = [
      ['SELFSUP_SHAPE', '`pixels` must have shape [2, 2, 2] like', () => maskedPixelLoss(predictions(), tf.zeros([2, 2, 3]), { mask })],
      ['SELFSUP_SHAPE', '`mask` must have shape [2, 2] like', () => maskedPixelLoss(predictions(), pixels(), { mask: tf.zeros([2, 3]) })],
      [
        'SELFSUP_SHAPE',
        '`predictions` must have shape [n, length, patchDim], got [4]',
        () => maskedPixelLoss(tf.zeros([4]) as unknown as tf.Tensor3D, pixels(), { mask }),
      ],
      [
        'SELFSUP_DTYPE',
        '`mask` must be float32, got int32',
        () => maskedPixelLoss(predictions(), pixels(), { mask: tf.zeros([2, 2], 'int32') }),
      ],
      [
        'SELFSUP_OPTION',
        "`distance` must be 'squared' or 'absolute', got 'huber'",
        () => maskedPixelLoss(predictions(), pixels(), { mask, distance: 'huber' as 'squared' }),
      ],
    ];
    for (const [code, message, call] of failures)
      try {
        call();
        expect.unreachable();
      } catch (error) {
        expect(isSelfsupError(error) && error.code).toBe(code);
        expect((error as Error).message).toContain(message);
      }
  });
});
