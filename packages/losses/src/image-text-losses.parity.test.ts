import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipLoss } from './clip-loss.ts';
import { siglipLoss } from './siglip-loss.ts';

interface Fixture {
  meta: { torch: string };
  cases: {
    loss: 'clipLoss' | 'siglipLoss';
    shape: [number, number];
    images: number[];
    texts: number[];
    scale: number;
    bias?: number;
    value: number;
    gradients: { images: number[]; texts: number[]; scale: number[]; bias?: number[] };
  }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/image-text-losses.json', import.meta.url), 'utf8')) as Fixture;

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  beforeAll(async () => {
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm'))}/`);
    expect(await tf.setBackend(backend)).toBe(true);
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(fixture.cases.map((one) => [`${one.loss} [${one.shape.join(', ')}], scale ${one.scale.toFixed(2)}`, one] as const))(
    `agrees with PyTorch ${fixture.meta.torch}: %s`,
    (_, { loss, shape, scale, bias, value, gradients, ...rows }) => {
      tf.tidy(() => {
        const given = [tf.tensor2d(rows.images, shape), tf.tensor2d(rows.texts, shape), tf.scalar(scale), tf.scalar(bias ?? 0)];
        const compute = (...[images, texts, s, b]: tf.Tensor[]): tf.Tensor =>
          loss === 'clipLoss'
            ? clipLoss(images as tf.Tensor2D, texts as tf.Tensor2D, { scale: s as tf.Scalar })
            : siglipLoss(images as tf.Tensor2D, texts as tf.Tensor2D, { scale: s as tf.Scalar, bias: b as tf.Scalar });
        const names: (keyof typeof gradients)[] = bias === undefined ? ['images', 'texts', 'scale'] : ['images', 'texts', 'scale', 'bias'];
        const actual = tf.valueAndGrads(compute)(given.slice(0, names.length));
        expect(Math.abs(actual.value.dataSync()[0]! / value - 1)).toBeLessThan(1e-5);
        names.forEach((name, i) => {
          const expected = gradients[name]!;
          const largest = Math.max(...expected.map(Math.abs));
          expect(largest).toBeGreaterThan(1e-4);
          actual.grads[i]!.dataSync().forEach((v, j) => {
            expect(Math.abs(v - expected[j]!) / largest, name).toBeLessThan(2e-5);
          });
        });
      });
    },
  );

  it('leaves unit rows as they are, and takes plain numbers', () => {
    tf.tidy(() => {
      const rows = tf.tensor2d([1, 0, 0, 1], [2, 2]);
      expect(clipLoss(rows, rows, { scale: 1, normalized: true }).dataSync()[0]).toBeCloseTo(Math.log(1 + Math.exp(-1)), 6);
      expect(clipLoss(tf.mul(rows, 2), rows, { scale: 1, normalized: true }).dataSync()[0]).toBeCloseTo(Math.log(1 + Math.exp(-2)), 6);
      expect(siglipLoss(rows, rows, { scale: 1, bias: 0 }).dataSync()[0]).toBeCloseTo(Math.log(1 + Math.exp(-1)) + Math.log(2), 6);
    });
  });
});

it('says what does not fit', () => {
  tf.tidy(() => {
    const rows = tf.ones<tf.Rank.R2>([2, 3]);
    expect(() => clipLoss(rows, tf.ones([3, 3]))).toThrow('clipLoss: `texts` must have shape [2, 3] like `images`, got [3, 3]');
    expect(() => clipLoss(rows, rows, { scale: NaN })).toThrow('clipLoss: `scale` must be a finite number or a scalar tensor, got NaN');
    expect(() => siglipLoss(rows, rows, { bias: tf.ones([2]) as unknown as tf.Scalar })).toThrow(
      'siglipLoss: `bias` must be a scalar, got [2]',
    );
    expect(() => siglipLoss(rows, rows, { scale: tf.scalar(1, 'int32') })).toThrow('siglipLoss: `scale` must be float32, got int32');
  });
});
