import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sinkhorn } from './sinkhorn.ts';
import { swavLoss } from './swav-loss.ts';

interface Fixture {
  meta: { torch: string };
  cases: {
    shape: [number, number];
    scores: number[][];
    queue: number[];
    assigned: number;
    epsilon: number;
    iterations: number;
    temperature: number;
    codes: number[][];
    value: number;
    gradients: number[][];
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/swav.json', import.meta.url), 'utf8')) as Fixture;

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    // the stock wasm backend without our kernels: the losses need none of them
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(fixture.cases.map((example) => [`[${example.shape.join(', ')}] × ${example.scores.length}`, example] as const))(
    `codes, loss and gradients are those of PyTorch ${fixture.meta.torch}: %s`,
    (_, { shape, assigned, epsilon, iterations, temperature, ...expected }) => {
      tf.tidy(() => {
        const queue = expected.queue.length > 0 ? { queue: tf.tensor2d(expected.queue, [expected.queue.length / shape[1], shape[1]]) } : {};
        const codesOf = (scores: tf.Tensor2D[]) => scores.slice(0, assigned).map((x) => sinkhorn(x, { epsilon, iterations, ...queue }));
        const scores = expected.scores.map((values) => tf.tensor2d(values, shape));
        const close = (actual: tf.Tensor, values: readonly number[]) => {
          const largest = Math.max(...values.map(Math.abs), 1e-12);
          actual.dataSync().forEach((x, i) => {
            expect(Math.abs(x - values[i]!) / largest).toBeLessThan(2e-5);
          });
        };
        codesOf(scores).forEach((codes, i) => {
          close(codes, expected.codes[i]!);
        });
        const { value, grads } = tf.valueAndGrads((...x: tf.Tensor[]) =>
          swavLoss(x as tf.Tensor2D[], codesOf(x as tf.Tensor2D[]), { temperature }),
        )(scores);
        expect(Math.abs(value.dataSync()[0]! / expected.value - 1)).toBeLessThan(1e-5);
        expected.gradients.forEach((gradient, i) => {
          close(grads[i]!, gradient);
        });
      });
    },
  );
});
