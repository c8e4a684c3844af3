import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { empSslLoss } from './emp-ssl-loss.ts';
import { frosslLoss } from './frossl-loss.ts';
import { lejepaLoss } from './lejepa-loss.ts';
import { mmcrLoss } from './mmcr-loss.ts';
import { sigReg } from './sig-reg.ts';
import { ticoLoss } from './tico-loss.ts';
import { vibcregLoss } from './vibcreg-loss.ts';
import { visregLoss } from './visreg-loss.ts';
import { wMseLoss } from './w-mse-loss.ts';

interface Fixture {
  meta: { torch: string };
  inputs: { shape: [number, number]; views: number[][]; directions: number[]; covariance: number[]; order: number[] }[];
  cases: { loss: keyof typeof losses; input: number; options: Record<string, never>; value: number; gradients: number[][] }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/more-joint-embedding-losses.json', import.meta.url), 'utf8')) as Fixture;

interface Given {
  readonly directions: tf.Tensor2D;
  readonly covariance: tf.Tensor2D;
  readonly order: tf.Tensor1D;
}
const losses = {
  sigReg: (views: tf.Tensor2D[], options: object, { directions }: Given) => sigReg(views, { ...options, directions }),
  lejepaLoss: (views: tf.Tensor2D[], options: object, { directions }: Given) => lejepaLoss(views, { ...options, directions }),
  visregLoss: (views: tf.Tensor2D[], options: object, { directions }: Given) => visregLoss(views, { ...options, directions }),
  empSslLoss: (views: tf.Tensor2D[], options: object) => empSslLoss(views, options),
  ticoLoss: ([a, b]: tf.Tensor2D[], options: object, { covariance }: Given) => ticoLoss(a!, b!, { ...options, covariance }),
  vibcregLoss: ([a, b]: tf.Tensor2D[], options: object) => vibcregLoss(a!, b!, options),
  wMseLoss: (views: tf.Tensor2D[], options: { groupSize?: number }, { order }: Given) =>
    wMseLoss(views, { ...options, ...(options.groupSize !== undefined && { order }) }),
  mmcrLoss: (views: tf.Tensor2D[], options: object) => mmcrLoss(views, options),
  frosslLoss: (views: tf.Tensor2D[], options: object) => frosslLoss(views, options),
};

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
        [`${example.loss} [${fixture.inputs[example.input]!.shape.join(', ')}], ${JSON.stringify(example.options)}`, example] as const,
    ),
  )(`agrees with PyTorch ${fixture.meta.torch}: %s`, (_, { loss, input, options, value, gradients }) => {
    const { shape, views, ...given } = fixture.inputs[input]!;
    tf.tidy(() => {
      const tensors = gradients.map((__, i) => tf.tensor2d(views[i]!, shape));
      const beside = {
        directions: tf.tensor2d(given.directions, [shape[1], 7]),
        covariance: tf.tensor2d(given.covariance, [shape[1], shape[1]]),
        order: tf.tensor1d(given.order, 'int32'),
      };
      const actual = tf.valueAndGrads((...rows: tf.Tensor[]) => losses[loss](rows as tf.Tensor2D[], options, beside))(tensors);
      expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(2e-5);
      gradients.forEach((expected, i) => {
        const largest = Math.max(...expected.map(Math.abs));
        expect(largest).toBeGreaterThan(1e-4);
        actual.grads[i]!.dataSync().forEach((v, j) => {
          expect(Math.abs(v - expected[j]!) / largest).toBeLessThan(5e-5);
        });
      });
    });
  });
});
