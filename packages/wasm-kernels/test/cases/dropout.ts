import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { threefry } from '../threefry.ts';
import { integer, pick } from '../wasm-under-test.ts';

/** What is dropped is multiplied by 0, so that NaN and the infinities show in either case. */
function dropout(random: () => number): KernelCase {
  const shape = pick(random, [
    [],
    [0],
    [integer(random, 1, 70)],
    [integer(random, 1, 9), integer(random, 1, 9), 3],
    [random() < 0.2 ? 3001 : 16],
  ]);
  const x = withSpecials(random, anyValues(random, shape), [NaN, Infinity, -Infinity, 0, -0]);
  const steps = pick(random, [0, 1, 6554, 32768, 65535, integer(random, 0, 65535)]);
  const [key0, key1] = [integer(random, 0, 2 ** 32 - 1), integer(random, 0, 2 ** 32 - 1)];
  const firstBlock = pick(random, [0, integer(random, 1, 1000), integer(random, 2 ** 31, 2 ** 32 - 1)]);
  const y = Float64Array.from(x.values, (v, i) => {
    const word = threefry([key0, key1], [(firstBlock + (i >> 2)) >>> 0, 0])[(i >> 1) & 1]!;
    const half = i & 1 ? word >>> 16 : word & 0xffff;
    return half < steps ? v * 0 : v / (1 - steps / 65536);
  });
  return { inputs: { x }, attrs: { rate: steps / 65536, key0, key1, firstBlock }, expected: [y] };
}

/** Dropout with the mask of a Threefry stream. */
export const dropoutCases: readonly CaseMaker[] = [
  { title: 'dropout', kernel: 'SelfsupDropout', make: dropout, measure: 'elements', tolerance: 1e-6 },
];
