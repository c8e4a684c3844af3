import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { barlowTwinsLoss, type BarlowTwinsLossOptions } from './barlow-twins-loss.ts';
import { negativeCosineSimilarity, type NegativeCosineSimilarityOptions } from './negative-cosine-similarity.ts';
import { vicregLoss, type VicregLossOptions } from './vicreg-loss.ts';

interface Fixture {
  meta: { torch: string };
  inputs: { shape: [number, number]; views: number[][] }[];
  cases: {
    loss: 'negativeCosineSimilarity' | 'barlowTwinsLoss' | 'vicregLoss';
    input: number;
    options: NegativeCosineSimilarityOptions & BarlowTwinsLossOptions & VicregLossOptions;
    value: number;
    gradients: number[][];
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/joint-embedding-losses.json', import.meta.url), 'utf8')) as Fixture;
const losses = {
  negativeCosineSimilarity: (views: tf.Tensor2D[], options: NegativeCosineSimilarityOptions) =>
    negativeCosineSimilarity(views.slice(0, 2), views.slice(2), options),
  barlowTwinsLoss: ([a, b]: tf.Tensor2D[], options: BarlowTwinsLossOptions) => barlowTwinsLoss(a!, b!, options),
  vicregLoss: ([a, b]: tf.Tensor2D[], options: VicregLossOptions) => vicregLoss(a!, b!, options),
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
    const { shape, views } = fixture.inputs[input]!;
    tf.tidy(() => {
      const tensors = gradients.map((__, i) => tf.tensor2d(views[i]!, shape));
      const actual = tf.valueAndGrads((...rows: tf.Tensor[]) => losses[loss](rows as tf.Tensor2D[], options))(tensors);
      expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(1e-5);
      gradients.forEach((expected, i) => {
        const largest = Math.max(...expected.map(Math.abs));
        expect(largest).toBeGreaterThan(1e-4);
        actual.grads[i]!.dataSync().forEach((v, j) => {
          expect(Math.abs(v - expected[j]!) / largest).toBeLessThan(1e-5);
        });
      });
    });
  });
});
