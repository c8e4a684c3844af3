import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;

/** Sums in float64 over some axes. */
function sums({ shape, values }: Values, axes: readonly number[]): Float64Array {
  const kept = shape.map((n, d) => (axes.includes(d) ? 1 : n));
  const result = new Float64Array(kept.reduce((a, b) => a * b, 1));
  values.forEach((v, i) => {
    let [rest, at, stride] = [i, 0, 1];
    for (let d = shape.length - 1; d >= 0; d--) {
      if (!axes.includes(d)) {
        at += (rest % shape[d]!) * stride;
        stride *= shape[d]!;
      }
      rest = Math.floor(rest / shape[d]!);
    }
    result[at]! += v;
  });
  return result;
}

/** Any axes of a tensor of up to four, whose sizes are among `sizes`. */
function setting(random: Random, sizes: readonly number[]) {
  const shape = Array.from({ length: integer(random, 1, 4) }, () => pick(random, sizes));
  const axis = shape.map((_, d) => d).filter(() => random() < 0.6);
  if (axis.length === 0) axis.push(integer(random, 0, shape.length - 1));
  return { shape, x: anyValues(random, shape), attrs: { axis, keepDims: random() < 0.5 } };
}

const SHORT = [0, 1, 2, 3, 5, 9];
const LONG = [1, 2, 3, 4, 7, 8, 33, 70];

const sum =
  (sizes: readonly number[]) =>
  (random: Random): KernelCase => {
    const { x, attrs } = setting(random, sizes);
    return { inputs: { x }, attrs, expected: [sums(x, attrs.axis)], magnitude: [sums(absolute(x), attrs.axis)] };
  };

function means(random: Random, sizes: readonly number[]) {
  const { x, shape, attrs } = setting(random, sizes);
  const count = attrs.axis.reduce((product, d) => product * shape[d]!, 1);
  const of = (values: Values): Float64Array => sums(values, attrs.axis).map((v) => v / Math.max(count, 1));
  return { x, attrs, of };
}

function mean(random: Random): KernelCase {
  const { x, attrs, of } = means(random, LONG);
  return { inputs: { x }, attrs, expected: [of(x)], magnitude: [of(absolute(x))] };
}

const whole = (x: Values): Values => ({
  ...x,
  values: Int32Array.from(x.values, (v) => Math.round(9 * Math.max(-1, Math.min(1, v)))),
  dtype: 'int32',
});

// tf.sum casts bool to int32 before it calls the kernel.
function wholeSum(random: Random): KernelCase {
  const { x, attrs } = setting(random, SHORT);
  const values = whole(x);
  return { inputs: { x: values }, attrs, expected: [sums(values, attrs.axis)], alsoCpu: true };
}

/** The cpu backend divides before it adds, so that what cancels leaves rounding there. */
function emptyMean(random: Random): KernelCase {
  const { x, attrs, of } = means(random, [0, 1, 2, 3]);
  const values = random() < 0.5 ? whole(x) : x;
  return { inputs: { x: values }, attrs, magnitude: [of(absolute(values))] };
}

/** Sum and Mean over any axes, of empty tensors and of other dtypes too. */
export const reductionCases: readonly CaseMaker[] = [
  { title: 'Sum, empty tensors among others', kernel: 'Sum', make: sum(SHORT) },
  { title: 'Sum against float64, long and short axes', kernel: 'Sum', make: sum(LONG) },
  { title: 'Sum of int32, shapes of the cpu backend', kernel: 'Sum', make: wholeSum },
  { title: 'Mean against float64', kernel: 'Mean', make: mean },
  { title: 'Mean of empty tensors among others: as on the cpu backend', kernel: 'Mean', make: emptyMean },
];
