import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { keyAccuracy } from './key-accuracy.ts';
import { momentumGroups } from './momentum-groups.ts';
import { vicregLocalLoss } from './vicreg-local-loss.ts';

// What chooses among rows, groups or places has nothing to choose where there is one, and tf.oneHot refuses a single class.
it('a query without negatives finds its key', () => {
  tf.tidy(() => {
    expect(keyAccuracy(tf.tensor2d([[1, 0]]), tf.tensor2d([[0, 1]])).dataSync()[0]).toBe(1);
  });
});

it('a single group moves to the mean of all rows', () => {
  tf.tidy(() => {
    const rows = tf.tensor2d([1, 0, 0, 1], [2, 2]);
    expect([...momentumGroups(rows, tf.tensor2d([[1, 1]]), { momentum: 0.5 }).dataSync()]).toEqual([0.75, 0.75]);
  });
});

it('a map of a single place has its partner in the other', () => {
  tf.tidy(() => {
    const [a, b] = [tf.tensor3d([1, 2, -1, 0, 0.5, -2], [3, 1, 2]), tf.tensor3d([0, 1, 2, 1, -1, -1], [3, 1, 2])];
    const whole = (x: tf.Tensor3D) => tf.tile(x, [1, 2, 1]); // two places that are alike
    const options = { numMatches: [1, 1] } as const;
    expect(vicregLocalLoss(a, b, options).dataSync()[0]).toBeCloseTo(vicregLocalLoss(whole(a), whole(b), options).dataSync()[0]!, 5);
  });
});
