import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick } from '../wasm-under-test.ts';

function cast(random: () => number): KernelCase {
  const shape = Array.from({ length: integer(random, 0, 3) }, () => integer(random, 0, 6));
  const floats = withSpecials(random, anyValues(random, shape, [1, 100, 1e-12]), [256, 1024, 0.5, -0.5, -0]);
  const dtype = pick(random, ['bool', 'bool', 'int32', 'float32'] as const);
  const whole = random() < 0.5;
  const x = whole ? { shape, values: Int32Array.from(floats.values, Math.trunc), dtype: 'int32' as const } : floats;
  const expected = Float64Array.from(x.values, (v) => (dtype === 'bool' ? Number(v !== 0) : dtype === 'int32' ? Math.trunc(v) : v));
  return { inputs: { x }, attrs: { dtype }, expected: [expected] };
}

/** Casts between float32, int32 and bool. */
export const castCases: readonly CaseMaker[] = [{ title: 'Cast', kernel: 'Cast', make: cast }];
