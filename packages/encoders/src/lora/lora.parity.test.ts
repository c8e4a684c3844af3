import { readFileSync } from 'node:fs';
import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { linear } from '../layers/linear.ts';
import { sequential } from '../layers/sequential.ts';
import { lora } from './lora.ts';

type Case = Record<'rank' | 'alpha', number> &
  Record<'x' | 'kernel' | 'bias' | 'a' | 'b' | 'weights' | 'output' | 'gradA' | 'gradB', number[]>;
const { meta, inputDim, outputDim, bound, cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/lora.json', import.meta.url), 'utf8'),
) as { meta: { torch: string }; inputDim: number; outputDim: number; bound: number; cases: Case[] };

it.each(cases)(`is PEFT's formula with rank $rank and alpha $alpha, as PyTorch ${meta.torch} computes it`, (expected) => {
  const { rank, alpha } = expected;
  const dense = sequential<tf.Tensor2D, tf.Tensor2D>({ dense: linear({ inputDim, outputDim }) });
  const module = lora(dense, { rank, alpha, targets: () => true })(createRng(0));
  const variables = module.trainable;
  const [a, b] = [variables['dense/lora/a']!, variables['dense/lora/b']!];
  expect(Math.max(...a.dataSync().map(Math.abs))).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(b.dataSync().every((value) => value === 0)).toBe(true);
  tf.tidy(() => {
    const given = { 'dense/kernel': expected.kernel, 'dense/bias': expected.bias, 'dense/lora/a': expected.a, 'dense/lora/b': expected.b };
    for (const [path, values] of Object.entries(given)) variables[path]!.assign(tf.tensor(values, variables[path]!.shape));
    const x = tf.tensor2d(expected.x, [expected.x.length / inputDim, inputDim]);
    const weights = tf.tensor2d(expected.weights, [x.shape[0], outputDim]);
    const output = module.apply(x, { training: true }).dataSync();
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(module.apply(x, { training: true }), weights)));
    const close = (got: ArrayLike<number>, want: readonly number[]) => {
      expect(got.length).toBe(want.length);
      want.forEach((value, i) => {
        expect(Math.abs(got[i]! - value)).toBeLessThan(1e-5 * Math.max(1, ...want.map(Math.abs)));
      });
    };
    close(output, expected.output);
    close(grads[a.name]!.dataSync(), expected.gradA);
    close(grads[b.name]!.dataSync(), expected.gradB);
    expect(Object.keys(grads).sort()).toEqual([a.name, b.name].sort()); // what stands still has no gradient
  });
  module.dispose();
});
