import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingKernels } from '../src/index.ts';
import type { CaseMaker } from './case-maker.ts';
import { checkCase, describeCase, prepareCase, type PreparedCase } from './check-case.ts';
import { builds, dirtyHeap, randomFrom, startWasm } from './wasm-under-test.ts';

/** Tests both builds on a maker's seeded random cases, on a dirtied heap, for values, shapes and leaks. */
function describeMaker(maker: CaseMaker): void {
  const { title, cases = 200 } = maker;
  const prepared = new Map<number, PreparedCase>(); // the second build runs what the first one ran
  describe.each(builds)(`${title} (%s SIMD)`, (simd) => {
    let registration: TrainingKernels;
    beforeAll(async () => {
      registration = await startWasm(simd);
    });
    afterAll(() => {
      registration.dispose();
    });

    it(`agrees with the reference in ${cases} random cases`, { timeout: 300_000 }, async () => {
      expect(registration.simd).toBe(simd);
      const ids = (): number => (tf.backend() as unknown as { numDataIds(): number }).numDataIds();
      const before = ids();
      for (let seed = 1; seed <= cases; seed++) {
        const ready = prepared.get(seed) ?? (await prepareCase(maker, seed));
        prepared.set(seed, ready);
        await tf.setBackend('wasm');
        dirtyHeap(randomFrom(seed));
        const { problems } = await checkCase(maker, ready);
        expect(problems, `seed ${seed}: ${describeCase(maker, ready.one)}`).toEqual([]);
      }
      expect(ids(), 'data in the backend after all cases').toBe(before);
    });
  });
}

/** Tests every maker of a family, with as many cases as each asks for. */
export function describeCases(makers: readonly CaseMaker[]): void {
  for (const maker of makers) describeMaker(maker);
}
