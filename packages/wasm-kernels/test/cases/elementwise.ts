import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { erf64, gelu64, geluSlope64 } from '../float64-functions.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

const SPECIALS = [NaN, Infinity, -Infinity, 0, -0, 1e-39, -1e-39, 3e38, -3e38];

/** Any shape, empty ones and tails included; numbers of both signs up to twice a reach, sometimes with all that float32 has besides. */
function operand(random: Random, reaches: readonly number[]): Values {
  const shape = pick(random, [[], [0, 3], [integer(random, 1, 70)], [integer(random, 1, 9), integer(random, 1, 9), integer(random, 1, 9)]]);
  return withSpecials(random, anyValues(random, shape, reaches), SPECIALS, pick(random, [0, 0.05, 0.25]));
}

const unary =
  (definition: (x: number) => number, reaches: readonly number[]) =>
  (random: Random): KernelCase => {
    const x = operand(random, reaches);
    return { inputs: { x }, attrs: {}, expected: [Float64Array.from(x.values, definition)] };
  };

/** Far below 0 the gate is exp of an argument down to -87, whose rounding in float32 counts 87 times: hence the tolerance. */
function gelu(random: Random): KernelCase {
  const x = operand(random, [0.1, 3, 6, 1e-3, 1e4]);
  const approximate = pick(random, ['none', 'tanh'] as const);
  const y = Float64Array.from(x.values, (v) => gelu64(v, approximate));
  // A gate below float32's normal numbers is 0: the product has its full precision above 1e-30 only.
  const magnitude = [x.values.map((v) => Math.min(Math.abs(v), 10) * 1e-30)];
  return { inputs: { x }, attrs: { approximate }, expected: [y], magnitude };
}

function geluGradient(random: Random): KernelCase {
  const x = operand(random, [0.1, 3, 6, 1e-3, 1e4]);
  const dy = anyValues(random, x.shape);
  const approximate = pick(random, ['none', 'tanh'] as const);
  const dx = Float64Array.from(x.values, (v, i) => dy.values[i]! * geluSlope64(v, approximate));
  // The slope is a difference of terms of the size of 1, which meet near -0.75.
  return { inputs: { dy, x }, attrs: { approximate }, expected: [dx], magnitude: [dy.values.map(Math.abs)] };
}

/** Elementwise functions over all of float32, each element by itself. */
export const elementwiseCases: readonly CaseMaker[] = [
  { title: 'Exp against float64', kernel: 'Exp', make: unary(Math.exp, [5, 1, 50, 1e-3]), measure: 'elements', tolerance: 1e-6 },
  { title: 'Erf against float64', kernel: 'Erf', make: unary(erf64, [5, 1, 0.1, 1e-6]), measure: 'elements', tolerance: 1e-6 },
  { title: 'Tanh against float64', kernel: 'Tanh', make: unary(Math.tanh, [12, 1, 0.1, 1e-6]), measure: 'elements', tolerance: 1e-6 },
  { title: 'GELU against float64', kernel: 'SelfsupGelu', make: gelu, measure: 'elements', tolerance: 2e-5 },
  { title: 'GELU gradient against float64', kernel: 'SelfsupGeluGrad', make: geluGradient, measure: 'elements' },
];
