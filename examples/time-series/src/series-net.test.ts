import { registerGradients } from '@selfsup/backends';
import { createRng, drawNormal } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { conv1d } from './conv-1d.ts';
import { seriesNet } from './series-net.ts';

await registerGradients();

const windowsOf = (n: number, length: number, channels: number) =>
  tf.tensor4d(drawNormal(createRng(1), n * length * channels), [n, 1, length, channels]);

afterEach(async () => {
  await tf.setBackend('cpu');
});

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it('a convolution and its gradient are the sums that define them', async () => {
    await tf.setBackend(backend);
    if (backend === 'wasm') await registerTrainingKernels();
    const [length, kernelSize] = [9, 3];
    const layer = conv1d({ inChannels: 2, filters: 1, kernelSize, stride: 1 })(createRng(0));
    const { kernel } = layer.trainable;
    const x = windowsOf(1, length, 2);
    const { value, grads } = tf.variableGrads(() => tf.sum(layer.apply(x, { training: true })), [kernel!]);
    const y = layer.apply(x, { training: false });
    const [given, weights, outputs] = [x.dataSync(), kernel!.dataSync(), y.dataSync()];
    const at = (t: number, c: number) => (t < 0 || t >= length ? 0 : given[2 * t + c]!);
    const taps = Array.from({ length: kernelSize }, (_, k) => k);
    for (let t = 0; t < length; t++) {
      const expected = taps.reduce((sum, k) => sum + at(t + k - 1, 0) * weights[2 * k]! + at(t + k - 1, 1) * weights[2 * k + 1]!, 0);
      expect(outputs[t]).toBeCloseTo(expected, 5);
    }
    const expected = taps.flatMap((k) => [0, 1].map((c) => Array.from({ length }, (_, t) => at(t + k - 1, c)).reduce((a, b) => a + b)));
    for (const [i, gradient] of Object.values(grads)[0]!.dataSync().entries()) expect(gradient).toBeCloseTo(expected[i]!, 4);
    tf.dispose([x, y, value, grads]);
    layer.dispose();
  });
});

describe('the encoder', () => {
  it('gives features of places and their mean', () => {
    const factory = seriesNet({ channels: 3, widths: [4, 6], kernelSize: 5 });
    expect([factory.outputDim, factory.stride]).toEqual([6, 4]);
    const encoder = factory(createRng(0));
    expect(Object.keys(encoder.trainable)).toEqual([
      'conv1/kernel',
      'norm1/scale',
      'norm1/offset',
      'conv2/kernel',
      'norm2/scale',
      'norm2/offset',
    ]);
    const x = windowsOf(2, 16, 3);
    const places = encoder.encodePlaces(x, { training: false });
    const features = encoder.apply(x, { training: false });
    expect([places.shape, features.shape]).toEqual([
      [2, 1, 4, 6],
      [2, 6],
    ]);
    const mean = tf.tidy(() => tf.mean(places, [1, 2]).dataSync());
    expect([...features.dataSync()]).toEqual([...mean]);
    tf.dispose([x, places, features]);
    encoder.dispose();
  });

  it('has no buffers with groups', () => {
    const encoder = seriesNet({ channels: 1, widths: [4], norm: 'group', numGroups: 2 })(createRng(0));
    expect(encoder.buffers).toEqual({});
    encoder.dispose();
  });

  it('says what it needs', () => {
    expect(() => seriesNet({ channels: 1, widths: [] })).toThrow('`widths` must hold at least one width');
    const encoder = seriesNet({ channels: 2, widths: [4] })(createRng(0));
    const wrong = windowsOf(1, 8, 3);
    expect(() => encoder.apply(wrong, { training: false })).toThrow('conv1d: `input` must have shape [n, 1, length, 2], got [1, 1, 8, 3]');
    wrong.dispose();
    encoder.dispose();
  });
});
