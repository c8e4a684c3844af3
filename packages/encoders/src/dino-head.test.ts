import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dinoHead } from './dino-head.ts';

const sizes = { inputDim: 5, hiddenDim: 64, bottleneckDim: 4, outputDim: 6 };

describe('dinoHead', () => {
  it('is three layers to unit vectors and a last layer without bias; its gain is a variable only where it is learned', () => {
    const shapes = (options: Parameters<typeof dinoHead>[0]) => {
      const head = dinoHead(options)(createRng(0));
      const result = Object.entries(head.trainable).map(([path, { shape }]) => `${path} ${shape.join('×')}`);
      head.dispose();
      return result;
    };
    const layers = [
      'linear1/kernel 5×64',
      'linear1/bias 64',
      'linear2/kernel 64×64',
      'linear2/bias 64',
      'linear3/kernel 64×4',
      'linear3/bias 4',
    ];
    expect(shapes(sizes)).toEqual([...layers, 'lastLayer/kernel 4×6']);
    expect(shapes({ ...sizes, normLastLayer: false })).toEqual([...layers, 'lastLayer/kernel 4×6', 'lastLayer/gain 6']);
    expect(shapes({ ...sizes, numLayers: 2, batchNorm: true })).toEqual([
      'linear1/kernel 5×64',
      'norm1/scale 64',
      'norm1/offset 64',
      'linear2/kernel 64×4',
      'linear2/bias 4',
      'lastLayer/kernel 4×6',
    ]);
  });

  it('gives cosines: within [−1, 1], whatever the length of the input and of the last kernel', () => {
    const head = dinoHead({ ...sizes, numLayers: 1 })(createRng(1));
    tf.tidy(() => {
      const x = tf.tensor2d(drawNormal(createRng(2), 40), [8, 5]);
      const logits = head.apply(x, { training: true });
      expect(Math.max(...logits.dataSync().map(Math.abs))).toBeLessThan(1 + 1e-6);
      const kernel = head.trainable['lastLayer/kernel']!;
      kernel.assign(tf.mul(kernel, 7));
      const again = head.apply(tf.mul(x, 3), { training: true });
      expect(tf.max(tf.abs(tf.sub(logits, again))).dataSync()[0]).toBeLessThan(1e-6);
    });
    head.dispose();
  });

  it('starts with kernels of deviation 0.02 and biases of 0', () => {
    const head = dinoHead(sizes)(createRng(3));
    const values = head.trainable['linear2/kernel']!.dataSync<'float32'>();
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.05);
    expect(head.trainable['linear2/bias']!.dataSync().every((v) => v === 0)).toBe(true);
    head.dispose();
  });

  it('refuses sizes below 1 and inputs that do not fit', () => {
    expect(() => dinoHead({ ...sizes, bottleneckDim: 0 })).toThrow('dinoHead: `bottleneckDim` must be an integer >= 1, got 0');
    const head = dinoHead(sizes)(createRng(0));
    const x = tf.zeros<tf.Rank.R2>([2, 4]);
    expect(() => head.apply(x, { training: true })).toThrow('dinoHead: `input` must have shape [batch, 5]');
    x.dispose();
    head.dispose();
  });
});
