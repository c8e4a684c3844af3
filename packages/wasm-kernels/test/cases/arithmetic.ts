import { util } from '@tensorflow/tfjs-core';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';
import { pairwise } from './clamp.ts';

/** Operands of one shape, or one of them a number. */
const alike =
  (f: (a: number, b: number) => number) =>
  (random: () => number): KernelCase => {
    const shape = Array.from({ length: integer(random, 0, 3) }, () => integer(random, 1, pick(random, [5, 40])));
    const part = (): number[] => (random() < 0.25 ? shape.map(() => 1).slice(random() < 0.5 ? 0 : shape.length) : shape);
    const operand = (of: number[]) =>
      withSpecials(random, anyValues(random, of), [NaN, Infinity, -Infinity, 0, -0], pick(random, [0, 0.1]));
    const [a, b] = random() < 0.5 ? [operand(shape), operand(part())] : [operand(part()), operand(shape)];
    const at = ({ values }: typeof a, i: number): number => values[values.length === 1 ? 0 : i]!;
    const size = Math.max(a.values.length, b.values.length);
    return { inputs: { a, b }, attrs: {}, expected: [Float64Array.from({ length: size }, (_, i) => f(at(a, i), at(b, i)))], alsoCpu: true };
  };

/** Rows of `inner` numbers, and one row for all or one number for each, or one operand of each kind; rows and columns may have two axes. */
const inRows =
  (f: (a: number, b: number) => number) =>
  (random: () => number): KernelCase => {
    const outer = Array.from({ length: integer(random, 1, 2) }, () => integer(random, 1, 6));
    const inner = [...(random() < 0.5 ? [integer(random, 1, 4)] : []), integer(random, 1, pick(random, [5, 70]))];
    const ones = (of: number[]): number[] => of.map(() => 1);
    const oneRow = random() < 0.5 ? inner : [...ones(outer), ...inner];
    const oneNumber = [...outer, ...ones(inner)];
    const whole = [...outer, ...inner];
    const shapes = pick(random, [
      [whole, oneRow],
      [whole, oneNumber],
      [oneNumber, oneRow],
    ]);
    const operands = shapes.map((of) =>
      withSpecials(random, anyValues(random, of), [NaN, Infinity, -Infinity, 0, -0], pick(random, [0, 0.1])),
    );
    const [a, b] = (random() < 0.5 ? operands : operands.toReversed()) as [Values, Values];
    const columns = util.sizeFromShape(inner);
    const at = ({ shape, values }: Values, i: number): number => {
      if (values.length === util.sizeFromShape(whole)) return values[i]!;
      return values[shape.slice(-inner.length).join() === inner.join() ? i % columns : Math.floor(i / columns)]!;
    };
    const expected = [Float64Array.from({ length: util.sizeFromShape(whole) }, (_, i) => f(at(a, i), at(b, i)))];
    return { inputs: { a, b }, attrs: {}, expected, alsoCpu: true };
  };

const FUNCTIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
};

/** The four operations on operands alike, on rows that broadcast, and on ones that broadcast in every pattern, some of which go to the stock kernels. */
export const arithmeticCases: readonly CaseMaker[] = Object.entries(FUNCTIONS).flatMap(([kernel, f]): CaseMaker[] => [
  { title: `${kernel} of operands alike`, kernel, make: alike(f), measure: 'elements', cases: 100 },
  { title: `${kernel} of rows`, kernel, make: inRows(f), measure: 'elements', cases: 100 },
  { title: `${kernel} that broadcasts`, kernel, make: pairwise(f), measure: 'elements', cases: 50 },
]);
