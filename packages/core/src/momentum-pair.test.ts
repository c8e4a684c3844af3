import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { drawNormal } from './draws.ts';
import { isSelfsupError } from './error.ts';
import type { ModuleFactory } from './module.ts';
import { createMomentumPair } from './momentum-pair.ts';
import { createRng } from './rng.ts';

let built = 0;
/** A factory whose networks differ at every call, so that only copying makes the pair alike. */
const factory: ModuleFactory = (rng) => {
  const make = (tag: string) => tf.tidy(() => tf.variable(tf.tensor1d(drawNormal(rng.fold(tag).fold(built), 3)), tag !== 'mean'));
  built++;
  const [kernel, mean] = [make('kernel'), make('mean')];
  return {
    trainable: { kernel },
    buffers: { mean },
    apply: (x) => tf.mul(x, kernel),
    dispose: () => {
      tf.dispose([kernel, mean]);
    },
  };
};
const kernelOf = (module: { trainable: Readonly<Record<string, tf.Variable>> }) => module.trainable['kernel']!;

describe('createMomentumPair', () => {
  it('starts as an exact copy, buffers included, in variables of its own', () => {
    const pair = createMomentumPair(factory, createRng(0));
    expect([...kernelOf(pair.target).dataSync()]).toEqual([...kernelOf(pair.online).dataSync()]);
    expect([...pair.target.buffers['mean']!.dataSync()]).toEqual([...pair.online.buffers['mean']!.dataSync()]);
    const target = [...kernelOf(pair.target).dataSync()];
    tf.tidy(() => {
      kernelOf(pair.online).assign(tf.tensor1d([1, 2, 3]));
    });
    expect([...kernelOf(pair.target).dataSync()]).toEqual(target);
    pair.dispose();
  });

  it('moves trainable variables by the exponential average, and never buffers', () => {
    const pair = createMomentumPair(factory, createRng(0));
    const start = [...kernelOf(pair.target).dataSync()];
    const mean = [...pair.target.buffers['mean']!.dataSync()];
    tf.tidy(() => {
      kernelOf(pair.online).assign(tf.tensor1d([1, 2, 3]));
      pair.online.buffers['mean']!.assign(tf.tensor1d([7, 7, 7]));
    });
    const before = tf.memory().numTensors;
    for (let step = 0; step < 3; step++) pair.update(0.9);
    expect(tf.memory().numTensors).toBe(before);
    kernelOf(pair.target)
      .dataSync()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(0.9 ** 3 * start[i]! + (1 - 0.9 ** 3) * (i + 1), 5);
      });
    expect([...pair.target.buffers['mean']!.dataSync()]).toEqual(mean);
    expect([...kernelOf(pair.online).dataSync()]).toEqual([1, 2, 3]);
    pair.update(1);
    const unchanged = [...kernelOf(pair.target).dataSync()];
    pair.update(1);
    expect([...kernelOf(pair.target).dataSync()]).toEqual(unchanged);
    pair.update(0);
    expect([...kernelOf(pair.target).dataSync()]).toEqual([1, 2, 3]);
    pair.dispose();
  });

  it.each([-0.1, 1.1, NaN])('refuses momentum %d', (momentum) => {
    const pair = createMomentumPair(factory, createRng(0));
    try {
      pair.update(momentum);
      expect.unreachable();
    } catch (error) {
      expect(isSelfsupError(error) && error.code).toBe('SELFSUP_OPTION');
      expect((error as Error).message).toBe(`MomentumPair.update: \`momentum\` must be in [0, 1], got ${momentum}`);
    }
    pair.dispose();
  });
});
