import { readFileSync } from 'node:fs';
import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { dinoHead, type DinoHeadOptions } from './dino-head.ts';

interface Fixture {
  meta: { torch: string };
  heads: {
    options: DinoHeadOptions;
    start: Record<string, { shape: number[]; values: number[] }>;
    input: number[];
    direction: number[];
    output: number[];
    inputGradient: number[];
    gradients: Record<string, number[]>;
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/dino-head.json', import.meta.url), 'utf8')) as Fixture;
const named = fixture.heads.map((head) => [JSON.stringify(head.options), head] as const);

test.each(named)(`outputs and all gradients equal PyTorch ${fixture.meta.torch}: %s`, (_, expected) => {
  const head = dinoHead(expected.options)(createRng(0));
  const paths = Object.keys(head.trainable);
  expect(paths).toEqual(expect.arrayContaining(Object.keys(expected.start)));
  expect(paths.length).toBe(Object.keys(expected.start).length);
  tf.tidy(() => {
    for (const [path, { shape, values }] of Object.entries(expected.start)) head.trainable[path]!.assign(tf.tensor(values, shape));
    const input = tf.tensor2d(expected.input, [9, 5]);
    const compare = (what: string, actual: tf.Tensor, values: number[]) => {
      const largest = Math.max(...values.map(Math.abs));
      expect(largest, what).toBeGreaterThan(1e-2);
      expect(actual.size).toBe(values.length);
      actual.dataSync().forEach((v, i) => {
        expect(Math.abs(v - values[i]!) / largest, what).toBeLessThan(1e-4);
      });
    };
    compare('output', head.apply(input, { training: true }), expected.output);
    const { grads } = tf.valueAndGrads((x: tf.Tensor) =>
      tf.sum(tf.mul(head.apply(x as tf.Tensor2D, { training: true }), tf.tensor2d(expected.direction, [9, 6]))),
    )([input, ...Object.values(head.trainable)]);
    compare('input', grads[0]!, expected.inputGradient);
    for (const [i, path] of paths.entries()) compare(path, grads[i + 1]!, expected.gradients[path]!);
  });
  head.dispose();
});
