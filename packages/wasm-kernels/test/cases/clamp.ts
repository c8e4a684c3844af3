import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

/** NaN with the sign bit set, as x86 makes it of 0/0. */
const MINUS_NAN = new Float32Array(Uint32Array.of(0xffc00000).buffer)[0]!;
const SPECIALS = [NaN, MINUS_NAN, Infinity, -Infinity, 0, -0];

function operand(random: Random, shape: readonly number[]): Values {
  return withSpecials(random, anyValues(random, shape), SPECIALS, pick(random, [0, 0.1, 0.4]));
}

const anyShape = (random: Random): number[] => Array.from({ length: integer(random, 0, 4) }, () => integer(random, 1, 9));
const hold = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high); // NaN stays NaN

const bounded =
  (high: number) =>
  (random: Random): KernelCase => {
    const x = operand(random, anyShape(random));
    return { inputs: { x }, attrs: {}, expected: [Float64Array.from(x.values, (v) => hold(v, 0, high))] };
  };

function clip(random: Random): KernelCase {
  const x = operand(random, anyShape(random));
  const low = Math.fround(random() * 2 - 1);
  const high = Math.fround(low + random());
  const attrs = { clipValueMin: low, clipValueMax: high };
  return { inputs: { x }, attrs, expected: [Float64Array.from(x.values, (v) => hold(v, low, high))], alsoCpu: true };
}

/** Of numbers of all magnitudes, also of those that are next to nothing. */
function sign(random: Random): KernelCase {
  const x = withSpecials(
    random,
    anyValues(random, anyShape(random)),
    [...SPECIALS, 1e-7, -1e-7, 1e-30, -1e-30],
    pick(random, [0, 0.1, 0.4]),
  );
  return { inputs: { x }, attrs: {}, expected: [Float64Array.from(x.values, (v) => Math.sign(v) || 0)], alsoCpu: true };
}

/** Operands that broadcast in every pattern. */
export const pairwise =
  (larger: (a: number, b: number) => number) =>
  (random: Random): KernelCase => {
    const shape = anyShape(random);
    const part = (): number[] =>
      shape.map((size) => (random() < 0.4 ? 1 : size)).slice(random() < 0.3 ? integer(random, 0, shape.length) : 0);
    const [a, b] = [operand(random, random() < 0.3 ? shape : part()), operand(random, random() < 0.3 ? shape : part())];
    const rank = Math.max(a.shape.length, b.shape.length);
    const sizeAt = (values: Values, axis: number): number => values.shape[axis - rank + values.shape.length] ?? 1;
    const out = Array.from({ length: rank }, (_, axis) => Math.max(sizeAt(a, axis), sizeAt(b, axis)));
    const at = (values: Values, index: number): number => {
      let [place, step] = [0, 1];
      for (let axis = rank - 1; axis >= 0; axis--) {
        if (sizeAt(values, axis) > 1) place += (index % out[axis]!) * step;
        step *= sizeAt(values, axis);
        index = Math.floor(index / out[axis]!);
      }
      return values.values[place]!;
    };
    const size = out.reduce((product, n) => product * n, 1);
    return {
      inputs: { a, b },
      attrs: {},
      expected: [Float64Array.from({ length: size }, (_, i) => larger(at(a, i), at(b, i)))],
      alsoCpu: true,
    };
  };

/** Bounds and extrema, through which NaN passes. */
export const clampCases: readonly CaseMaker[] = [
  { title: 'Relu', kernel: 'Relu', make: bounded(Infinity), measure: 'elements' },
  { title: 'Relu6', kernel: 'Relu6', make: bounded(6), measure: 'elements' },
  { title: 'ClipByValue', kernel: 'ClipByValue', make: clip, measure: 'elements' },
  { title: 'Sign', kernel: 'Sign', make: sign, measure: 'elements' },
  { title: 'Maximum', kernel: 'Maximum', make: pairwise(Math.max), measure: 'elements' },
  { title: 'Minimum', kernel: 'Minimum', make: pairwise(Math.min), measure: 'elements' },
];
