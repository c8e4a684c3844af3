import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

function transpose(random: () => number): KernelCase {
  const shape = Array.from({ length: integer(random, 1, 5) }, () => pick(random, [0, 1, 1, 2, 3, 4]));
  const perm = shape.map((_, axis) => axis).sort(() => random() - pick(random, [0.1, 0.5]));
  const floats = withSpecials(random, anyValues(random, shape, [1, 100]), [NaN, Infinity, -0]);
  const whole: Values = { shape, values: Int32Array.from(floats.values, Math.trunc), dtype: 'int32' };
  return { inputs: { x: random() < 0.7 ? floats : whole }, attrs: { perm } };
}

/** Axes before the last one change places, as those of attention do. */
function heads(random: () => number): KernelCase {
  const shape = [...Array.from({ length: integer(random, 2, 4) }, () => integer(random, 1, 6)), pick(random, [4, 8, 5, 16])];
  const last = shape.length - 1;
  const perm = [...Array.from({ length: last }, (_, axis) => axis).sort(() => random() - 0.5), last];
  return { inputs: { x: anyValues(random, shape, [1, 100]) }, attrs: { perm } };
}

/** Transpose of any order, that of the axes as they are included. */
export const transposeCases: readonly CaseMaker[] = [
  { title: 'Transpose, in order or not', kernel: 'Transpose', make: transpose },
  { title: 'Transpose of rows', kernel: 'Transpose', make: heads },
];
