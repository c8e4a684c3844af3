import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import normFixture from '../fixtures/jigsaw-head-batch-norm.json' with { type: 'json' };
import fixture from '../fixtures/jigsaw-head.json' with { type: 'json' };
import { jigsawHead } from './jigsaw-head.ts';
import { compareWithFixture } from './parity/compare-with-fixture.ts';

const sizes = { inputDim: 12, numTiles: 4, tileDim: 10, hiddenDim: 24, outputDim: 7 };
test.each([
  ['', fixture, jigsawHead(sizes)],
  [' with batch normalization', normFixture, jigsawHead({ ...sizes, batchNorm: true })],
] as const)('a jigsaw head%s equals PyTorch: outputs, running statistics, all gradients', async (_, expected, factory) => {
  const head = factory(createRng(0));
  const deviations = await compareWithFixture(head, expected);
  for (const [path, deviation] of Object.entries(deviations)) expect(deviation, path).toBeLessThan(1e-4);
  head.dispose();
});

describe('jigsawHead', () => {
  it('is fc6, fc7 and fc8 of the paper unless told otherwise', () => {
    const head = jigsawHead({ inputDim: 2, outputDim: 3 })(createRng(0));
    const shapes = Object.entries(head.trainable).map(([path, { shape }]) => `${path} ${shape.join('×')}`);
    head.dispose();
    expect(shapes).toEqual(['linear1/kernel 2×512', 'linear1/bias 512', 'linear2/kernel 4608×4096', 'linear2/bias 4096', 'linear3/kernel 4096×3', 'linear3/bias 3']); // prettier-ignore
  });

  it('treats all tiles alike before it puts them in a row', () => {
    const head = jigsawHead({ ...sizes, outputDim: 1 })(createRng(0));
    const tile = [...drawNormal(createRng(1), 12)];
    const at = (place: number) => Array.from({ length: 4 }, (_, k) => (k === place ? tile : Array<number>(12).fill(0))).flat();
    const outputs = tf.tidy(() => [...head.apply(tf.tensor2d([at(0), at(1), at(1)]), { training: false }).dataSync()]);
    head.dispose();
    expect(outputs[1]).toBe(outputs[2]);
    expect(outputs[0]).not.toBeCloseTo(outputs[1]!, 5); // the row tells places apart
  });

  it('refuses sizes and inputs that do not fit', () => {
    expect(() => jigsawHead({ ...sizes, tileDim: 0 })).toThrow('jigsawHead: `tileDim` must be an integer >= 1, got 0');
    const head = jigsawHead(sizes)(createRng(0));
    const input = tf.zeros<tf.Rank.R2>([2, 12]);
    expect(() => head.apply(input, { training: false })).toThrow('jigsawHead: `input` must have shape [batch, 48]');
    input.dispose();
    head.dispose();
  });
});
