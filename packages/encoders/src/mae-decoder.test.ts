import { createRng, drawNormal, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { maeDecoder } from './mae-decoder.ts';

const options = { inputDim: 6, gridSize: 2, patchSize: 2, channels: 1, width: 8, numLayers: 1, numHeads: 2 };
const inference = { training: false };
const makeTokens = (seen: number) => tf.tensor3d(drawNormal(createRng(1), 2 * seen * 6), [2, seen, 6]);
const order = (rows: number[][]) => tf.tensor2d(rows, [2, 4], 'int32');

it('predicts every patch at its place, whatever the order of those seen', () => {
  const decoder = maeDecoder(options)(createRng(0));
  tf.tidy(() => {
    const tokens = makeTokens(3);
    const predicted = decoder.decode(
      tokens,
      order([
        [0, 2, 1, 3],
        [2, 0, 3, 1],
      ]),
      inference,
    );
    expect(predicted.shape).toEqual([2, 4, 4]);
    const [first, a, b] = [0, 1, 2].map((at) => tf.slice(tokens, [0, at, 0], [2, 1, 6])) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const swapped = decoder.decode(
      tf.concat([first, b, a], 1),
      order([
        [1, 2, 0, 3],
        [2, 1, 3, 0],
      ]),
      inference,
    );
    expect(tf.max(tf.abs(tf.sub(swapped, predicted))).dataSync()[0]).toBeLessThan(1e-5);
    const elsewhere = decoder.decode(
      tokens,
      order([
        [1, 2, 0, 3],
        [2, 1, 3, 0],
      ]),
      inference,
    );
    expect(tf.max(tf.abs(tf.sub(elsewhere, predicted))).dataSync()[0]).toBeGreaterThan(1e-3);
    // one mask token for all: patches that are missing differ by their positions alone
    const missing = decoder.decode(
      tokens,
      order([
        [0, 3, 1, 2],
        [3, 0, 2, 1],
      ]),
      inference,
    );
    expect(tf.max(tf.abs(tf.sub(missing, predicted))).dataSync()[0]).toBeLessThan(1e-5);
  });
  decoder.dispose();
});

it('says what is wrong', () => {
  const decoder = maeDecoder(options)(createRng(0));
  tf.tidy(() => {
    const failures: [string, string, () => unknown][] = [
      ['SELFSUP_OPTION', 'maeDecoder: `width` must be a multiple of 4, got 6', () => maeDecoder({ ...options, width: 6 })],
      ['SELFSUP_OPTION', 'maeDecoder: `numLayers` must be an integer >= 1, got 0', () => maeDecoder({ ...options, numLayers: 0 })],
      ['SELFSUP_SHAPE', '1 <= kept < 4, got [2, 5, 6]', () => decoder.decode(makeTokens(5), tf.zeros([2, 4], 'int32'), inference)],
      [
        'SELFSUP_SHAPE',
        '`restore` must have shape [2, 4], got [2, 3]',
        () => decoder.decode(makeTokens(3), tf.zeros([2, 3], 'int32'), inference),
      ],
      ['SELFSUP_DTYPE', '`restore` must be int32, got float32', () => decoder.decode(makeTokens(3), tf.zeros([2, 4]), inference)],
    ];
    for (const [code, message, call] of failures)
      try {
        call();
        expect.unreachable();
      } catch (error) {
        expect(isSelfsupError(error) && error.code).toBe(code);
        expect((error as Error).message).toContain(message);
      }
  });
  decoder.dispose();
});
