import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeKernel } from '../test/kernel-cases.ts';
import { builds, integer, pick, runKernel, signedValues, startWasm } from '../test/wasm-under-test.ts';
import type { TrainingKernels } from './index.ts';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2x32 with 20 rounds, as its paper writes it (Salmon et al., SC 2011, section 3.3). */
function threefry(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const keys = [key[0], key[1], 0x1bd11bda ^ key[0] ^ key[1]];
  let [x0, x1] = [(counter[0] + key[0]) | 0, (counter[1] + key[1]) | 0];
  for (let round = 0; round < 20; round++) {
    x0 = (x0 + x1) | 0;
    const by = ROTATIONS[round % 8]!;
    x1 = ((x1 << by) | (x1 >>> (32 - by))) ^ x0;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    x0 = (x0 + keys[injection % 3]!) | 0;
    x1 = (x1 + keys[(injection + 1) % 3]! + injection) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

it('is measured against a reference that gives the known answers of Random123', () => {
  expect(threefry([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
  expect(threefry([-1, -1], [-1, -1])).toEqual([0x1cb996fc, 0xbb002be7]);
});

describeKernel('dropout', 'SelfsupDropout', (random) => {
  const x = signedValues(random, pick(random, [[], [0], [integer(random, 1, 70)], [integer(random, 1, 9), integer(random, 1, 9), 3]]));
  const steps = pick(random, [0, 1, 6554, 32768, 65535, integer(random, 0, 65535)]);
  const [key0, key1] = [integer(random, 0, 2 ** 32 - 1), integer(random, 0, 2 ** 32 - 1)];
  const y = Float64Array.from(x.values, (v, i) => {
    const word = threefry([key0, key1], [i >> 2, 0])[(i >> 1) & 1]!;
    const half = i & 1 ? word >>> 16 : word & 0xffff;
    return half < steps ? 0 : v / (1 - steps / 65536);
  });
  return { inputs: { x }, attrs: { rate: steps / 65536, key0, key1 }, expected: [y] };
});

describe.each(builds)('dropout (%s SIMD)', (simd) => {
  let registration: TrainingKernels;
  beforeAll(async () => {
    registration = await startWasm(simd);
  });
  afterAll(() => {
    registration.dispose();
  });

  it('multiplies by 0 or 1/(1 − rate), as the composed form does: NaN and −0 included', async () => {
    const x = { shape: [64], values: new Float32Array(64).fill(-1) };
    const attrs = { rate: 0.5, key0: 1, key1: 2 };
    const [ones] = await runKernel('wasm', 'SelfsupDropout', { x }, attrs);
    expect(new Set(ones!.data)).toEqual(new Set([-0, -2]));
    const [all] = await runKernel('wasm', 'SelfsupDropout', { x: { ...x, values: new Float32Array(64).fill(NaN) } }, attrs);
    expect(all!.data.every((v) => Number.isNaN(v))).toBe(true);
  });

  it('refuses a rate that is no multiple of 2⁻¹⁶ below 1', () => {
    const x = tf.ones([2]);
    for (const rate of [0.1, 1, -0.5, NaN]) {
      expect(() => tf.engine().runKernel('SelfsupDropout', { x }, { rate, key0: 0, key1: 0 })).toThrow(`got float32 and ${rate}`);
    }
    x.dispose();
  });
});
