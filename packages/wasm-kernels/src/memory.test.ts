// Real exhaustion of the 4 GiB of a wasm heap: untouched tensors cost the system nothing.
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exhaust, untouched, wasmBackend } from '../test/fill-heap.ts';
import { startWasm } from '../test/wasm-under-test.ts';
import { SelfsupError, type TrainingKernels } from './index.ts';

const MIB = 2 ** 20;

let registration: TrainingKernels;
beforeEach(async () => {
  registration = await startWasm('plain');
});
afterEach(() => {
  registration.dispose();
});

const dataIds = (): number => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('an exhausted heap', () => {
  it('throws SELFSUP_MEMORY in tensors, outputs, scratch and stock kernels, leaks nothing, corrupts nothing, and works again', async () => {
    const sentinel = tf.tensor1d(Array.from({ length: 64 }, (_, i) => i));
    const a = tf.ones<tf.Rank.R2>([3, 9000]);
    const tall = tf.ones<tf.Rank.R2>([400_000, 1]);
    const one = tf.ones<tf.Rank.R2>([1, 1]);
    const b = tf.ones<tf.Rank.R2>([9000, 40]);
    const host = new Float32Array(MIB);
    const room = untouched(2 * MIB);
    const held = exhaust(64 * 1024);
    const before = dataIds();
    const paths: Record<string, () => unknown> = {
      'tf.tensor': () => tf.tensor1d(host),
      'tf.ones': () => tf.ones([MIB]),
      'tf.zeros of more than 32 bits': () => wasmBackend().makeOutput([2 ** 30 + 2], 'float32'),
      'the output of our kernel': () => tf.matMul(tall, one),
      'the scratch of our kernel': () => tf.matMul(a, b),
      'a stock kernel': () => tf.neg(tall),
    };
    for (const [what, run] of Object.entries(paths)) {
      const error = failure(() => {
        tf.tidy(() => {
          run();
        });
      });
      expect(error, what).toBeInstanceOf(SelfsupError);
      expect((error as SelfsupError).code, what).toBe('SELFSUP_MEMORY');
      expect((error as Error).message, what).toMatch(
        /no memory for \d+ bytes; tensors hold 4\d{9} bytes and the kernels' scratch \d+, the heap has 4294901760 bytes of at most 4294901760; dispose of/,
      );
      expect(dataIds(), what).toBe(before);
    }
    // Room for one output but not for two: the stock kernel that ours calls for the activation fails.
    room.dispose();
    const bias = tf.ones<tf.Rank.R1>([1]);
    const fused = failure(() => tf.tidy(() => tf.engine().runKernel('_FusedMatMul', { a: tall, b: one, bias }, { activation: 'elu' })));
    expect(fused).toMatchObject({ code: 'SELFSUP_MEMORY' });
    expect(dataIds()).toBe(before); // without the room, with the bias
    tf.dispose([...held, bias]);
    const c = tf.matMul(a, b);
    expect(new Set(await c.data())).toEqual(new Set([9000]));
    expect([...(await sentinel.data())]).toEqual(Array.from({ length: 64 }, (_, i) => i));
    tf.dispose([sentinel, a, b, c, tall, one]);
  });

  it('puts the allocator of the backend back on dispose', () => {
    const { wasm } = wasmBackend();
    const guarded = wasm._malloc;
    registration.dispose();
    expect(wasm._malloc).not.toBe(guarded);
  });
});
