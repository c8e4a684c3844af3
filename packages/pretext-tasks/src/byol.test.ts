import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  descend,
  readValues,
  backbone,
  context,
  predictionPerceptron,
  projectionPerceptron,
  makeViews,
} from '../fixtures/tiny-networks.ts';
import { byol, type ByolOptions } from './byol.ts';

const networks = { backbone, projectionHead: projectionPerceptron, predictionHead: predictionPerceptron };
/** For one step at `step`: the weight of the old target that explains each target variable, [smallest, largest]. */
function momentumAt(step: number, options: Partial<ByolOptions> = {}): [number, number] {
  const run = byol({ ...networks, ...options }).create({ rng: createRng(0), totalSteps: 10 });
  const batch = makeViews(2);
  descend(run, batch, { context: context(), rate: 20 }); // moves online and target apart
  const before = readValues(run);
  descend(run, batch, { context: context({ step }), rate: 20 });
  const after = readValues(run);
  const weights = Object.keys(run.trainable).flatMap((path) => {
    const [old, fresh, online] = [before[`target/${path}`], after[`target/${path}`], after[path]];
    return old ? old.flatMap((x, i) => (Math.abs(online![i]! - x) > 0.5 ? [(fresh![i]! - online![i]!) / (x - online![i]!)] : [])) : [];
  });
  expect(weights.length).toBeGreaterThan(10);
  run.dispose();
  tf.dispose(batch.views);
  return [Math.min(...weights), Math.max(...weights)];
}

describe('byol', () => {
  it.each([0, 1, 5, 9])('moves the target with momentum 1 − 0.004 · (cos(πk/K) + 1)/2 after update %d of 10', (step) => {
    const expected = 1 - (0.004 * (Math.cos((Math.PI * step) / 10) + 1)) / 2;
    for (const weight of momentumAt(step)) expect(Math.abs(weight - expected)).toBeLessThan(2e-5);
  });

  it('takes a constant momentum or a schedule', () => {
    for (const weight of momentumAt(3, { momentum: 0.5 })) expect(weight).toBeCloseTo(0.5, 4);
    for (const weight of momentumAt(3, { momentum: (step) => 0.9 - step / 10 })) expect(weight).toBeCloseTo(0.6, 4);
  });

  it('starts its target as a copy that no gradient reaches, with normalization statistics of its own', () => {
    const run = byol(networks).create({ rng: createRng(0), totalSteps: 10 });
    const start = readValues(run);
    const copies = Object.keys(start).filter((path) => path.startsWith('target/'));
    expect(copies.length).toBeGreaterThan(7);
    for (const path of copies) expect(start[path], path).toEqual(start[path.replace('target/', '')]);
    expect(Object.keys(run.trainable).filter((path) => path.startsWith('target/'))).toEqual([]);
    const batch = makeViews(2);
    descend(run, batch, { context: context(), rate: 1 });
    descend(run, batch, { context: context({ step: 1 }), rate: 1 });
    const end = readValues(run);
    expect(end['target/backbone/norm/mean']).not.toEqual(start['target/backbone/norm/mean']);
    expect(end['target/backbone/norm/mean']).not.toEqual(end['backbone/norm/mean']);
    run.dispose();
    tf.dispose(batch.views);
  });

  it('refuses a momentum outside [0, 1]', () => {
    expect(() => byol({ ...networks, momentum: 1.5 })).toThrow('byol: `momentum` must be in [0, 1], got 1.5');
  });
});
