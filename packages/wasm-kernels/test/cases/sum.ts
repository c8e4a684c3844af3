import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick } from '../wasm-under-test.ts';

function sum(random: () => number): KernelCase {
  const shape = Array.from({ length: integer(random, 1, 4) }, () => pick(random, [0, 1, 2, 3, 5, 9]));
  const axis = shape.map((_, d) => d).filter(() => random() < 0.6);
  if (axis.length === 0) axis.push(integer(random, 0, shape.length - 1));
  const x = anyValues(random, shape);
  const kept = shape.filter((_, d) => !axis.includes(d));
  const total = new Float64Array(kept.reduce((a, b) => a * b, 1));
  const terms = total.slice();
  x.values.forEach((v, i) => {
    let to = 0;
    let step = 1;
    for (let d = shape.length - 1; d >= 0; d--) {
      if (!axis.includes(d)) {
        to += (i % shape[d]!) * step;
        step *= shape[d]!;
      }
      i = Math.floor(i / shape[d]!);
    }
    total[to]! += v;
    terms[to]! += Math.abs(v);
  });
  return { inputs: { x }, attrs: { axis, keepDims: random() < 0.5 }, expected: [total], magnitude: [terms] };
}

/** Sum over any axes, of empty tensors too. */
export const sumCases: readonly CaseMaker[] = [{ title: 'Sum, empty tensors among others', kernel: 'Sum', make: sum }];
