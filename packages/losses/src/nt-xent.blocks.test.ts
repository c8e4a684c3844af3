import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ntXent, type NtXentOptions } from './nt-xent.ts';

const draw = (tag: string, n: number, dim = 6) => tf.tensor2d(drawNormal(createRng(7).fold(tag), n * dim), [n, dim]);
const largest = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;

it.each([1, 3, 4, 18, 50])('has the same value and gradients with blocks of %d of 18 anchors', (blockSize) => {
  tf.tidy(() => {
    const views = ['a', 'b', 'c'].map((tag) => draw(tag, 6));
    const run = (options: NtXentOptions) =>
      tf.valueAndGrads((...rows: tf.Tensor[]) => ntXent(rows as tf.Tensor2D[], { temperature: 0.1, ...options }))(views);
    const [whole, blocks] = [run({}), run({ blockSize })];
    expect(largest(blocks.value, whole.value)).toBeLessThan(1e-5);
    whole.grads.forEach((gradient, i) => {
      expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(0.01);
      expect(largest(blocks.grads[i]!, gradient)).toBeLessThan(1e-6);
    });
  });
});

it('needs memory in proportion to the block, forward and backward', async () => {
  const views = [draw('a', 256, 4), draw('b', 256, 4)];
  const largestTensor = async (options: NtXentOptions) => {
    const differentiate = () => tf.valueAndGrads((...rows: tf.Tensor[]) => ntXent(rows as tf.Tensor2D[], options))(views).value;
    const { kernels } = await tf.profile(() => {
      tf.dispose(tf.tidy(differentiate));
    });
    return Math.max(...kernels.flatMap(({ outputShapes }) => outputShapes.map((shape) => tf.util.sizeFromShape(shape))));
  };
  expect(await largestTensor({})).toBe(512 * 512);
  expect(await largestTensor({ blockSize: 16 })).toBe(16 * 512);
  tf.dispose(views);
});

it('says what is wrong with a block size', () => {
  tf.tidy(() => {
    const view = draw('a', 2);
    expect(() => ntXent([view, view], { blockSize: 0 })).toThrow('ntXent: `blockSize` must be an integer >= 1, got 0');
  });
});
