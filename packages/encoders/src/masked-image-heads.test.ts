import { createRng, drawNormal } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { crossPredictor } from './cross-predictor.ts';
import { inpaintingDecoder } from './inpainting-decoder.ts';
import { jepaPredictor } from './jepa-predictor.ts';
import { residualMlp } from './residual-mlp.ts';

const apply = { training: false };
const number = (x: tf.Tensor) => x.dataSync()[0]!;

it('jepaPredictor tells each patch by its position, whatever the order, from the whole context', () => {
  const predictor = jepaPredictor({ inputDim: 6, gridSize: [2, 3], width: 8, numLayers: 2, numHeads: 2 })(createRng(0));
  tf.tidy(() => {
    const states = tf.tensor3d(drawNormal(createRng(1), 2 * 3 * 6), [2, 3, 6]);
    const context = tf.tensor2d([0, 2, 5, 1, 3, 4], [2, 3], 'int32');
    const ask = (targets: number[], given = states, seen = context) =>
      predictor.predict(given, { context: seen, targets: tf.tensor2d(targets, [2, targets.length / 2], 'int32') }, apply);
    const [there, back] = [ask([3, 4, 2, 0]), ask([4, 3, 0, 2])];
    expect(there.shape).toEqual([2, 2, 6]);
    expect(number(tf.max(tf.abs(tf.sub(there, tf.reverse(back, 1)))))).toBeLessThan(1e-5);
    const reordered = ask([3, 4, 2, 0], tf.reverse(states, 1), tf.reverse(context, 1));
    expect(number(tf.max(tf.abs(tf.sub(there, reordered))))).toBeLessThan(1e-5);
    expect(number(tf.max(tf.abs(tf.sub(there, ask([4, 3, 2, 0])))))).toBeGreaterThan(1e-3);
    const failures: [string, () => unknown][] = [
      ['jepaPredictor: `states` must have shape [n, seen, 6], got [2, 3, 5]', () => ask([1, 2], tf.zeros([2, 3, 5]))],
      ['jepaPredictor: `context` must have shape [2, 3] like `states`, got [2, 2]', () => ask([1, 2], states, tf.zeros([2, 2], 'int32'))],
      ['jepaPredictor: `targets` must have shape [2, numTargets >= 1], got [2, 0]', () => ask([])],
      ['jepaPredictor: `context` must be int32, got float32', () => ask([1, 2], states, tf.zeros([2, 3]))],
      ['jepaPredictor: `width` must be a multiple of 4, got 6', () => jepaPredictor({ inputDim: 4, gridSize: 2, width: 6 })],
    ];
    for (const [message, call] of failures) expect(call).toThrow(message);
  });
  predictor.dispose();
});

it('crossPredictor tells each patch by its position alone, from all states in any order', () => {
  const predictor = crossPredictor({ inputDim: 6, gridSize: [2, 3], width: 8, numLayers: 2, numHeads: 2 })(createRng(0));
  tf.tidy(() => {
    const states = tf.tensor3d(drawNormal(createRng(1), 2 * 3 * 6), [2, 3, 6]);
    const ask = (targets: number[], given = states) =>
      predictor.predict(given, tf.tensor2d(targets, [2, targets.length / 2], 'int32'), apply);
    const both = ask([3, 4, 2, 0]);
    expect(both.shape).toEqual([2, 2, predictor.outputDim]);
    const far = (a: tf.Tensor, b: tf.Tensor) => number(tf.max(tf.abs(tf.sub(a, b))));
    expect(far(tf.slice(both, [0, 0, 0], [2, 1, 8]), ask([3, 2]))).toBeLessThan(1e-5);
    expect(far(both, ask([3, 4, 2, 0], tf.reverse(states, 1)))).toBeLessThan(1e-5);
    expect(far(both, ask([3, 4, 2, 1]))).toBeGreaterThan(1e-3);
    const failures: [string, () => unknown][] = [
      ['crossPredictor: `states` must have shape [n, seen, 6], got [2, 3, 5]', () => ask([1, 2], tf.zeros([2, 3, 5]))],
      ['crossPredictor: `targets` must have shape [2, asked >= 1], got [2, 0]', () => ask([])],
      ['crossPredictor: `targets` must be int32, got float32', () => predictor.predict(states, tf.zeros([2, 1]), apply)],
      ['crossPredictor: `width` must be a multiple of 4, got 6', () => crossPredictor({ inputDim: 4, gridSize: 2, width: 6 })],
    ];
    for (const [message, call] of failures) expect(call).toThrow(message);
  });
  predictor.dispose();
});

it('residualMlp without blocks is a normalization and a linear layer; a block adds to what goes in', () => {
  const [none, one] = [0, 1].map((numLayers) => residualMlp({ inputDim: 4, outputDim: 3, numLayers })(createRng(0)));
  expect(Object.keys(none!.trainable)).toEqual(['norm/scale', 'norm/offset', 'output/kernel', 'output/bias']);
  tf.tidy(() => {
    const input = tf.tensor2d(drawNormal(createRng(1), 8), [2, 4]);
    const kernel = one!.trainable['block1/linear2/kernel']!;
    expect(one!.apply(input, apply).arraySync()).not.toEqual(none!.apply(input, apply).arraySync());
    kernel.assign(tf.zerosLike(kernel));
    expect(one!.apply(input, apply).arraySync()).toEqual(none!.apply(input, apply).arraySync());
  });
  none!.dispose();
  one!.dispose();
});

it('inpaintingDecoder halves a region until its shorter side has 4 pixels or is odd', () => {
  const paths = (outputSize: number | [number, number]) => {
    const decoder = inpaintingDecoder({ inputDim: 5, outputSize, channels: 2, width: 32 })(createRng(0));
    const shape = tf.tidy(() => decoder.apply(tf.ones([3, 5]), { training: true }).shape);
    const kernels = Object.entries(decoder.trainable).flatMap(([path, { shape: s }]) =>
      path.endsWith('kernel') ? [`${path} ${s.join()}`] : [],
    );
    decoder.dispose();
    return { shape, kernels };
  };
  expect(paths(16)).toEqual({
    shape: [3, 16, 16, 2],
    kernels: ['linear/kernel 5,512', 'up1/kernel 4,4,16,32', 'up2/kernel 4,4,8,16', 'output/kernel 3,3,8,2'],
  });
  expect(paths(7).kernels).toEqual(['linear/kernel 5,1568', 'output/kernel 3,3,32,2']);
  expect(paths([10, 6])).toEqual({
    shape: [3, 10, 6, 2],
    kernels: ['linear/kernel 5,480', 'up1/kernel 4,4,16,32', 'output/kernel 3,3,16,2'],
  });
  const ofMap = inpaintingDecoder({ inputDim: 5, mapSize: [2, 3], outputSize: 8, channels: 2, width: 8 })(createRng(0));
  expect(tf.tidy(() => ofMap.apply(tf.ones([3, 2, 3, 5]), { training: true }).shape)).toEqual([3, 8, 8, 2]);
  expect(ofMap.trainable['channelwise/kernel']!.shape).toEqual([5, 6, 16]);
  ofMap.dispose();
  expect(() => inpaintingDecoder({ inputDim: 5, mapSize: [0, 3], outputSize: 4 })).toThrow(
    'inpaintingDecoder: `mapSize[0]` must be an integer >= 1, got 0',
  );
  expect(() => inpaintingDecoder({ inputDim: 0, outputSize: 4 })).toThrow('inpaintingDecoder: `inputDim` must be an integer >= 1, got 0');
});
