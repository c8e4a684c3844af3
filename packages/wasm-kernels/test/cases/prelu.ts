import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer } from '../wasm-under-test.ts';

function prelu(random: () => number): KernelCase {
  const shape = Array.from({ length: integer(random, 1, 4) }, () => integer(random, 1, 6));
  const dropped = integer(random, 0, shape.length - 1);
  const slopes = shape.slice(dropped).map((size) => (random() < 0.4 ? 1 : size));
  const x = random() < 0.2 ? withSpecials(random, anyValues(random, shape), [Infinity]) : anyValues(random, shape);
  const alpha = anyValues(random, slopes, [1]);
  const expected = Float64Array.from(x.values, (v, i) => {
    let at = 0;
    let step = 1;
    for (let d = shape.length - 1; d >= dropped; d--) {
      if (slopes[d - dropped]! > 1) at += (i % shape[d]!) * step;
      step *= slopes[d - dropped]!;
      i = Math.floor(i / shape[d]!);
    }
    return v < 0 ? v * alpha.values[at]! : v;
  });
  return { inputs: { x, alpha }, attrs: {}, expected: [expected], alsoCpu: true };
}

/** Leaky units with slopes of any shape that broadcasts. */
export const preluCases: readonly CaseMaker[] = [{ title: 'Prelu', kernel: 'Prelu', make: prelu, measure: 'elements' }];
