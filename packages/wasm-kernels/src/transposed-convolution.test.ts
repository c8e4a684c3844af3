import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf } from '../test/error-of.ts';
import { builds, integer, pick, randomFrom, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

type Shape4 = [number, number, number, number];
interface Setting {
  readonly x: Shape4;
  readonly filter: Shape4; // [height, width, output channels, input channels]
  readonly output: Shape4;
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid';
}

/** A decoder's layer: the output is what a convolution with these strides would shrink to `x`. */
function setting(random: () => number): Setting {
  const [height, width, channels, columns] = [integer(random, 1, 7), integer(random, 1, 7), integer(random, 1, 9), integer(random, 1, 9)];
  const strides: [number, number] = [integer(random, 1, 3), integer(random, 1, 3)];
  const window = [integer(random, 1, 4), integer(random, 1, 4)] as const;
  const pad = pick(random, ['same', 'valid'] as const);
  const grown = [height, width].map((size, d) => (pad === 'same' ? size * strides[d]! : (size - 1) * strides[d]! + window[d]!));
  const batch = integer(random, 1, 3);
  return {
    x: [batch, height, width, channels],
    filter: [window[0], window[1], columns, channels],
    output: [batch, grown[0]!, grown[1]!, columns],
    strides,
    pad,
  };
}

/** The output and the gradients of its squares for input and filter, on the current backend. */
async function run({ x, filter, output, strides, pad }: Setting, seed: number): Promise<ArrayLike<number>[]> {
  const random = randomFrom(seed);
  const values = [tf.tensor4d(signedValues(random, x).values, x), tf.tensor4d(signedValues(random, filter).values, filter)] as const;
  const transpose = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.conv2dTranspose(a as tf.Tensor4D, b as tf.Tensor4D, output, strides, pad);
  const y = transpose(...values);
  const grads = tf.grads((a, b) => tf.square(transpose(a, b)))([...values]);
  const read = await Promise.all([y, ...grads].map((tensor) => tensor.data()));
  tf.dispose([...values, y, ...grads]);
  return read;
}

describe.each(builds)('conv2dTranspose (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it('agrees with the cpu backend, and so do the gradients for input and filter, in 100 random cases', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const at = setting(randomFrom(seed));
      await tf.setBackend('cpu');
      const expected = await run(at, seed);
      await tf.setBackend('wasm');
      const got = await run(at, seed);
      got.forEach((values, i) => {
        expect(errorOf(values, { data: expected[i]! }, 'norm'), `seed ${seed}: ${JSON.stringify(at)}, ${i}`).toBeLessThan(1e-5);
      });
    }
  });
});
