import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick, signedValues } from '../wasm-under-test.ts';

type Random = () => number;

/** Rows of any magnitude that float32 has, zeros and denormals included, with their norms. */
function rows(random: Random) {
  const shape = pick(random, [[integer(random, 0, 40)], [integer(random, 0, 9), integer(random, 1, 40)], [2, integer(random, 1, 4), 17]]);
  const columns = shape.at(-1)!;
  const x = signedValues(random, shape);
  const count = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const norms = new Float64Array(count);
  for (let r = 0; r < count; r++) {
    const size = pick(random, [1, 1, 1, 1e-8, 1e15, 1.5e38, 1e-30, 1e-41, 0]);
    for (let c = 0; c < columns; c++) x.values[r * columns + c]! *= size;
    norms[r] = Math.hypot(...x.values.subarray(r * columns, (r + 1) * columns));
  }
  return { x, shape, norms, rowOf: (i: number) => Math.floor(i / columns), epsilon: pick(random, [1e-12, 1e-3]) };
}

function forward(random: Random): KernelCase {
  const { x, rowOf, norms, epsilon } = rows(random);
  const y = Float64Array.from(x.values, (v, i) => v / Math.max(norms[rowOf(i)]!, epsilon));
  return { inputs: { x }, attrs: { epsilon }, expected: [y, norms] };
}

function gradient(random: Random): KernelCase {
  const { x, shape, rowOf, norms, epsilon } = rows(random);
  const given = Float32Array.from(norms); // infinite where float32 cannot hold it: no gradient there
  const y = { shape, values: Float32Array.from(x.values, (v, i) => v / Math.max(norms[rowOf(i)]!, epsilon)) };
  const dy = anyValues(random, shape, [1, 1, 1e-6, 1e6]);
  const [along, terms] = [new Float64Array(norms.length), new Float64Array(norms.length)];
  dy.values.forEach((d, i) => {
    along[rowOf(i)]! += d * y.values[i]!;
    terms[rowOf(i)]! += Math.abs(d * y.values[i]!);
  });
  const divided = (i: number, v: number): number => (given[rowOf(i)]! < epsilon ? 0 : v / given[rowOf(i)]!);
  const dx = Float64Array.from(dy.values, (d, i) => divided(i, d - y.values[i]! * along[rowOf(i)]!));
  const dxTerms = dx.map((_, i) => divided(i, Math.abs(dy.values[i]!) + Math.abs(y.values[i]!) * terms[rowOf(i)]!));
  const norm = { shape: [...shape.slice(0, -1), 1], values: given };
  return { inputs: { dy, y, norm }, attrs: { epsilon }, expected: [dx], magnitude: [dxTerms] };
}

/** Division of rows by their norms and its gradient, each element by itself: rows differ by many orders of magnitude. */
export const l2NormalizeCases: readonly CaseMaker[] = [
  { title: 'division of rows by their norms against float64', kernel: 'SelfsupL2Normalize', make: forward, measure: 'elements' },
  { title: 'gradient of the division by norms against float64', kernel: 'SelfsupL2NormalizeGrad', make: gradient, measure: 'elements' },
];
