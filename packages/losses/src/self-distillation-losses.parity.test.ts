import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ibotPatchLoss } from './ibot-patch-loss.ts';
import { koLeoLoss } from './ko-leo-loss.ts';
import { msnLoss } from './msn-loss.ts';

type Options = Readonly<Record<string, unknown>>;
interface Fixture {
  meta: { torch: string };
  cases: {
    loss: keyof typeof losses;
    inputs: { shape: number[]; values: number[] }[];
    options: Options;
    value: number;
    trained: number[];
    gradients: number[][];
  }[];
}
const losses = {
  ibotPatchLoss: ([student, teacher, weights, center]: tf.Tensor[], options: Options) =>
    ibotPatchLoss(student as tf.Tensor2D, teacher as tf.Tensor2D, {
      ...options,
      ...(weights && { weights: weights as tf.Tensor1D }),
      ...(center && { center: center as tf.Tensor1D }),
    }),
  koLeoLoss: ([embeddings]: tf.Tensor[], options: Options) => koLeoLoss(embeddings as tf.Tensor2D, options),
  msnLoss: ([targets, ...anchors]: tf.Tensor[], options: Options) => msnLoss(anchors as tf.Tensor2D[], targets as tf.Tensor2D, options),
};
const fixture = JSON.parse(readFileSync(new URL('../fixtures/self-distillation-losses.json', import.meta.url), 'utf8')) as Fixture;

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    // the stock wasm backend without our kernels: the losses need none of them
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(
    fixture.cases.map(
      (example) =>
        [
          `${example.loss} of ${example.inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(', ')}, ${JSON.stringify(example.options)}`,
          example,
        ] as const,
    ),
  )(`agrees with PyTorch ${fixture.meta.torch}: %s`, (_, { loss, inputs, options, value, trained, gradients }) => {
    tf.tidy(() => {
      const tensors = inputs.map(({ shape, values }) => tf.tensor(values, shape));
      const of = (...x: tf.Tensor[]) => {
        const all = [...tensors];
        trained.forEach((at, i) => (all[at] = x[i]!));
        return losses[loss](all, options);
      };
      const actual = tf.valueAndGrads(of)(trained.map((at) => tensors[at]!));
      expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(1e-5);
      gradients.forEach((expected, i) => {
        const largest = Math.max(...expected.map(Math.abs));
        expect(largest).toBeGreaterThan(1e-4);
        actual.grads[i]!.dataSync().forEach((v, j) => {
          expect(Math.abs(v - expected[j]!) / largest).toBeLessThan(2e-5);
        });
      });
    });
  });
});
