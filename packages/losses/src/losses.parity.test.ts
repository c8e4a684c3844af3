import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { infoNce } from './info-nce.ts';
import { ntXent, type NtXentOptions } from './nt-xent.ts';

interface Fixture {
  meta: { torch: string };
  inputs: { shape: [number, number]; views: number[][]; queueShape: [number, number]; queue: number[] }[];
  cases: (Pick<NtXentOptions, 'positives' | 'convention'> & {
    loss: 'ntXent' | 'infoNce';
    input: number;
    views: number;
    temperature: number;
    queue?: true;
    value: number;
    gradients: number[][];
  })[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/losses.json', import.meta.url), 'utf8')) as Fixture;

const norm = (values: Iterable<number>) => Math.sqrt([...values].reduce((sum, v) => sum + v * v, 0));

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    // the stock wasm backend without our kernels: the losses need none of them
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(
    fixture.cases.map((example) => {
      const { shape } = fixture.inputs[example.input]!;
      const { loss, views, temperature, queue = false, positives = 'average', convention = 'mean' } = example;
      return [
        `${loss} [${shape.join(', ')}] × ${views}, temperature ${temperature}, queue ${queue}, ${positives}, ${convention}`,
        example,
      ] as const;
    }),
  )(`agrees with PyTorch ${fixture.meta.torch}: %s`, (_, example) => {
    const {
      loss,
      input,
      views: numViews,
      temperature,
      queue: hasQueue,
      value,
      gradients,
      positives = 'average',
      convention = 'mean',
    } = example;
    const { shape, views, queueShape, queue } = fixture.inputs[input]!;
    tf.tidy(() => {
      const tensors = views.slice(0, numViews).map((values) => tf.tensor2d(values, shape));
      const run = (...rows: tf.Tensor[]): tf.Scalar =>
        loss === 'ntXent'
          ? ntXent(rows as tf.Tensor2D[], { temperature, positives, convention })
          : infoNce(rows[0] as tf.Tensor2D, rows[1] as tf.Tensor2D, {
              temperature,
              ...(hasQueue && { queue: tf.tensor2d(queue, queueShape) }),
            });
      const actual = tf.valueAndGrads(run)(tensors);
      expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(1e-5);
      gradients.forEach((expected, i) => {
        const got = actual.grads[i]!.dataSync();
        expect(norm(got.map((v, j) => v - expected[j]!)) / norm(expected)).toBeLessThan(1e-5);
        const largest = Math.max(...expected.map(Math.abs));
        got.forEach((v, j) => {
          expect(Math.abs(v - expected[j]!) / largest).toBeLessThan(1e-5);
        });
      });
    });
  });
});
