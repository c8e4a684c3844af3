import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer } from '../wasm-under-test.ts';

function identity(random: () => number): KernelCase {
  const shape = Array.from({ length: integer(random, 0, 4) }, () => integer(random, 0, 5));
  const x = withSpecials(random, anyValues(random, shape), [NaN, Infinity, -0]);
  return { inputs: { x }, attrs: {}, expected: [x.values], alsoCpu: true };
}

/** Identity: nothing changes, not even NaN. */
export const identityCases: readonly CaseMaker[] = [{ title: 'Identity', kernel: 'Identity', make: identity }];
