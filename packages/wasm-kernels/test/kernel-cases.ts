import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingKernels } from '../src/index.ts';
import type { CaseMaker } from './case-maker.ts';
import { checkCase, describeCase, prepareCase, type PreparedCase } from './check-case.ts';
import { builds, dirtyHeap, nameOf, randomFrom, startVariant, variants } from './wasm-under-test.ts';

/** Threads and the wide build run one case of so many: they must give the bits of the others, whose cases cover the kernel. */
const SAMPLE = 5;

/** Tests a maker's seeded random cases on every variant, on a dirtied heap, for values, shapes, leaks, and bits that do not depend on threads and width. */
function describeMaker(maker: CaseMaker): void {
  const { title, cases = 200 } = maker;
  const prepared = new Map<number, PreparedCase>(); // the other variants run what the first one ran
  const bits = new Map<string, string>();
  describe.each(variants.map((variant, i) => ({ ...variant, i, name: nameOf(variant) })))(`${title} ($name)`, ({ simd, threads, i }) => {
    let registration: TrainingKernels;
    beforeAll(async () => {
      registration = await startVariant({ simd, threads });
    });
    afterAll(() => {
      registration.dispose();
    });
    const count = i < builds.length ? cases : Math.ceil(cases / SAMPLE);

    it(`agrees with the reference in ${count} random cases`, { timeout: 300_000 }, async () => {
      expect(registration.simd).toBe(simd);
      const ids = (): number => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();
      const before = ids();
      for (let seed = 1; seed <= count; seed++) {
        const ready = prepared.get(seed) ?? (await prepareCase(maker, seed));
        prepared.set(seed, ready);
        await tf.setBackend('wasm');
        dirtyHeap(randomFrom(seed));
        const { problems, bits: own } = await checkCase(maker, ready);
        expect(problems, `seed ${seed}: ${describeCase(maker, ready.one)}`).toEqual([]);
        const key = `${simd === 'plain' ? 'plain' : 'fused'} ${seed}`;
        expect(own, `the bits of seed ${seed}: ${describeCase(maker, ready.one)}`).toBe(bits.get(key) ?? own);
        bits.set(key, own);
      }
      expect(ids(), 'data in the backend after all cases').toBe(before);
    });
  });
}

/** Tests every maker of a family, with as many cases as each asks for. */
export function describeCases(makers: readonly CaseMaker[]): void {
  for (const maker of makers) describeMaker(maker);
}
