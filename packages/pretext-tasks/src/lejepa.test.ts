import { convNet, linear } from '@selfsup/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channels, viewsAt } from '../fixtures/conformance-rows.ts';
import { lossOf, projected, start } from '../fixtures/tiny-networks.ts';
import { lejepa } from './lejepa.ts';
import { visreg } from './visreg.ts';

const networks = { backbone: convNet({ channels, widths: [4] }), projectionHead: linear({ inputDim: 4, outputDim: projected }) };

/** The agreement, without the regularizer, of the first step on so many large crops and a small one. */
const lossWith = (task: typeof lejepa | typeof visreg, numLarge: number, numGlobal?: number): number => {
  const run = task({ ...networks, numSlices: 5, regularizationWeight: 0, ...(numGlobal !== undefined && { numGlobal }) }).create(start);
  try {
    return tf.tidy(() => {
      const { views } = viewsAt(0, { rows: 6, count: numLarge, size: 8 });
      const small = viewsAt(0, { rows: 6, count: 1, size: 6 }).views;
      return lossOf(run, { views: [...views, ...small] }).loss.dataSync()[0]!;
    });
  } finally {
    tf.dispose([run.trainable, run.buffers]);
  }
};

describe.each([
  ['lejepa', lejepa],
  ['visreg', visreg],
] as const)('%s', (_, task) => {
  it('draws to the mean of all crops of the size of the first, unless told how many', () => {
    expect(lossWith(task, 3)).toBe(lossWith(task, 3, 3));
    expect(Math.abs(lossWith(task, 3) / lossWith(task, 3, 2) - 1)).toBeGreaterThan(0.01);
    expect(lossWith(task, 2)).toBe(lossWith(task, 2, 2));
  });

  it('refuses more of them than there are crops', () => {
    expect(() => lossWith(task, 2, 4)).toThrow(/`numGlobal` must be an integer from 1 to 3, the number of views, got 4/);
  });
});
