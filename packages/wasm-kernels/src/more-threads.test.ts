// Every kernel on the numbers of threads that the tests of its own leave out: the bits of one thread.
import { describe, expect, it } from 'vitest';
import { caseMakers } from '../test/cases/registry.ts';
import { describeCase } from '../test/check-case.ts';
import { bitsOf, moreVariants, nameOf, randomFrom, runKernel, startVariant, type Variant } from '../test/wasm-under-test.ts';

/** Cases of each maker. */
const SEEDS = [1, 2];
const cases = caseMakers.flatMap((maker) => SEEDS.map((seed) => ({ maker, seed, one: maker.make(randomFrom(seed)) })));

async function bitsOn(variant: Variant): Promise<readonly string[]> {
  const registration = await startVariant(variant);
  const bits: string[] = [];
  for (const { maker, one } of cases) bits.push(bitsOf(await runKernel('wasm', maker.kernel, one.inputs, one.attrs)));
  registration.dispose();
  return bits;
}

describe.each(moreVariants.map((variant) => ({ ...variant, name: nameOf(variant) })))('$name', ({ simd, threads }) => {
  it('gives the bits of one thread', { timeout: 60_000 }, async () => {
    const expected = await bitsOn({ simd, threads: 1 });
    const bits = await bitsOn({ simd, threads });
    const differ = cases.filter((_, i) => bits[i] !== expected[i]);
    expect(differ.map(({ maker, seed, one }) => `seed ${seed}: ${describeCase(maker, one)}`)).toEqual([]);
  });
});
