// Every kernel on tensors above 2 GiB, where addresses are negative as 32-bit numbers, and again below the limit of 4 GiB.
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { caseMakers } from '../test/cases/registry.ts';
import { checkCase, describeCase, prepareCase } from '../test/check-case.ts';
import { fillBelow, nextAddress } from '../test/fill-heap.ts';
import { nameOf, startVariant, variants } from '../test/wasm-under-test.ts';

const widest = variants.findLast(({ simd }) => simd === 'wide') ?? variants.at(-1)!;

// The first is the build of most engines on one thread, the other one the build with the widest tiles, on as many threads as the cases try.
describe.each([variants[0]!, widest].flatMap((variant) => [2, 3.7].map((gibibytes) => ({ variant, gibibytes, name: nameOf(variant) }))))(
  'addresses above $gibibytes GiB ($name)',
  ({ variant, gibibytes }) => {
    const address = gibibytes * 2 ** 30;
    it('are as good as others for every kernel', async () => {
      const registration = await startVariant(variant);
      const held = fillBelow(address);
      expect(nextAddress(64)).toBeGreaterThan(address);
      expect(nextAddress(2 ** 20)).toBeGreaterThan(address);
      for (const maker of caseMakers) {
        for (let seed = 1; seed <= Math.min(2, maker.cases ?? 2); seed++) {
          const prepared = await prepareCase(maker, seed);
          await tf.setBackend('wasm');
          const { problems } = await checkCase(maker, prepared);
          expect(problems, `${maker.title}, seed ${seed}: ${describeCase(maker, prepared.one)}`).toEqual([]);
        }
      }
      tf.dispose(held);
      registration.dispose();
    });
  },
);
