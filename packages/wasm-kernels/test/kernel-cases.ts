import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingKernels } from '../src/index.ts';
import { builds, dirtyHeap, randomFrom, relativeError, runKernel, startWasm, type Values } from './wasm-under-test.ts';

/** One random call of a kernel. */
export interface KernelCase {
  readonly inputs: Readonly<Record<string, Values>>;
  readonly attrs: tf.NamedAttrMap;
  /** Expected outputs; left out, the cpu backend gives them. */
  readonly expected?: readonly ArrayLike<number>[];
}

interface CasesOptions {
  /** How many seeds. Default 200. */
  cases?: number;
  /** Largest relative error in norm. Default 1e-5. */
  tolerance?: number;
}

type Expected = readonly { shape?: readonly number[]; data: ArrayLike<number> }[];

async function expectedOf(kernelName: string, { inputs, attrs, expected }: KernelCase): Promise<Expected> {
  return expected === undefined ? runKernel('cpu', kernelName, inputs, attrs) : expected.map((data) => ({ data }));
}

/** Tests both builds of a kernel on seeded random cases, on a dirtied heap, for values, shapes and leaks. */
export function describeKernel(
  title: string,
  kernelName: string,
  make: (random: () => number) => KernelCase,
  { cases = 200, tolerance = 1e-5 }: CasesOptions = {},
): void {
  const references = new Map<number, Expected>();
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
        const random = randomFrom(seed);
        const one = make(random);
        const reference = references.get(seed) ?? (await expectedOf(kernelName, one));
        references.set(seed, reference);
        await tf.setBackend('wasm');
        dirtyHeap(random);
        const shapes = Object.entries(one.inputs).map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
        const what = `seed ${seed}: ${kernelName} ${shapes.join(' ')} ${JSON.stringify(one.attrs)}`;
        const got = await runKernel('wasm', kernelName, one.inputs, one.attrs);
        for (const [i, { shape, data }] of reference.entries()) {
          if (shape) expect(got[i]!.shape, what).toEqual(shape);
          expect(relativeError(got[i]!.data, data), `${what}, output ${i}`).toBeLessThan(tolerance);
        }
      }
      expect(ids(), 'data in the backend after all cases').toBe(before);
    });
  });
}
