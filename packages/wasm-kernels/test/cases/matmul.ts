import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { matmul64 } from '../float64-references.ts';
import { absolute, anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';
import { activate64 } from './activations.ts';

type Random = () => number;
const size = (random: Random): number => pick(random, [1, 2, 3, 5, 6, 7, 8, 9, 12, 17, 31, 32, 64, integer(random, 1, 130)]);

function operands(random: Random, batchA: readonly number[], batchB: readonly number[]) {
  const [m, k, n] = [size(random), random() < 0.1 ? integer(random, 570, 1300) : size(random), size(random)];
  const transposeA = random() < 0.5;
  const transposeB = random() < 0.5;
  const a = anyValues(random, [...batchA, ...(transposeA ? [k, m] : [m, k])]);
  const b = anyValues(random, [...batchB, ...(transposeB ? [n, k] : [k, n])]);
  return { inputs: { a, b }, attrs: { transposeA, transposeB }, n };
}

type Operands = Pick<ReturnType<typeof operands>, 'inputs' | 'attrs'>;

/** Which matrix of an operand the i-th of the broadcast batch uses. */
function matrixAt(extents: readonly number[], full: readonly number[], i: number): number {
  let index = 0;
  let step = 1;
  for (let d = full.length - 1; d >= 0; d--) {
    const extent = extents.at(d - full.length) ?? 1;
    if (extent > 1) index += (i % full[d]!) * step;
    step *= extent;
    i = Math.floor(i / full[d]!);
  }
  return index;
}

/** All matrices of a batch in float64, broadcast as NumPy does. */
function batched64({ inputs: { a, b }, attrs }: Operands): number[] {
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const rank = Math.max(batchA.length, batchB.length);
  const full = Array.from({ length: rank }, (_, d) => Math.max(batchA.at(d - rank) ?? 1, batchB.at(d - rank) ?? 1));
  const part = ({ shape, values }: Values, index: number): Values => {
    const matrix = shape.slice(-2);
    const length = matrix[0]! * matrix[1]!;
    return { shape: matrix, values: values.subarray(index * length, (index + 1) * length) };
  };
  return Array.from({ length: full.reduce((x, y) => x * y, 1) }, (_, i) => [
    ...matmul64(part(a, matrixAt(batchA, full, i)), part(b, matrixAt(batchB, full, i)), attrs.transposeA, attrs.transposeB),
  ]).flat();
}

function withReference(given: Operands, alsoCpu: boolean): KernelCase {
  const magnitude = batched64({ ...given, inputs: { a: absolute(given.inputs.a), b: absolute(given.inputs.b) } });
  return { inputs: given.inputs, attrs: given.attrs, expected: [batched64(given)], magnitude: [magnitude], alsoCpu };
}

// Rank-4 batches of the cpu backend wrap around; what it broadcasts rightly is one batch dimension.
function batches(random: Random): KernelCase {
  const batch = integer(random, 1, 5);
  const [batchA, batchB] = pick(random, [
    [[batch], [batch]],
    [[1], [batch]],
    [[batch], [1]],
    [
      [2, batch],
      [2, batch],
    ],
  ]);
  return withReference(operands(random, batchA, batchB), true);
}

function broadcastBatches(random: Random): KernelCase {
  const [batchA, batchB] = pick(random, [
    [
      [2, 1],
      [1, 3],
    ],
    [[3], [2, 3]],
    [
      [2, 3, 1],
      [1, 4],
    ],
    [[], [4]],
    [
      [1, 3],
      [2, 1],
    ],
  ] as const);
  return withReference(operands(random, batchA, batchB), false);
}

function empty(random: Random): KernelCase {
  const [m, k, n] = [integer(random, 0, 3), integer(random, 0, 3), integer(random, 0, 3)];
  const [transposeA, transposeB] = [random() < 0.5, random() < 0.5];
  const batch = pick(random, [[], [2], [0]]);
  const a = anyValues(random, [...batch, ...(transposeA ? [k, m] : [m, k])]);
  const b = anyValues(random, [...batch, ...(transposeB ? [n, k] : [k, n])]);
  return withReference({ inputs: { a, b }, attrs: { transposeA, transposeB } }, false);
}

function specials(random: Random): KernelCase {
  const { inputs, attrs } = operands(random, [], []);
  const strewn = pick(random, [[NaN], [Infinity], [-Infinity], [NaN, Infinity, -Infinity]]);
  const a = random() < 0.7 ? withSpecials(random, inputs.a, strewn, 0.01) : inputs.a;
  return withReference({ inputs: { a, b: random() < 0.5 ? withSpecials(random, inputs.b, strewn, 0.01) : inputs.b }, attrs }, false);
}

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'];

function fused(random: Random): KernelCase {
  const batch = integer(random, 1, 3);
  const { inputs, attrs, n } = operands(random, [batch], [random() < 0.3 ? 1 : batch]);
  const activation = pick(random, ACTIVATIONS);
  const bias = pick(random, [undefined, anyValues(random, [n], [1]), anyValues(random, [n], [1]), anyValues(random, [1], [1])]);
  const prelu = activation === 'prelu' ? anyValues(random, [n], [1]) : undefined;
  const given = { inputs, attrs };
  const sum = withReference(given, false);
  const biasAt = (i: number): number => (bias === undefined ? 0 : bias.values[bias.values.length === 1 ? 0 : i % n]!);
  const expected = (sum.expected![0] as number[]).map((v, i) => {
    return activate64(activation, v + biasAt(i), activation === 'prelu' ? prelu!.values[i % n]! : 0.2);
  });
  const magnitude = (sum.magnitude![0] as number[]).map((v, i) => v + Math.abs(biasAt(i)));
  return {
    inputs: { ...inputs, ...(bias && { bias }), ...(prelu && { preluActivationWeights: prelu }) },
    attrs: { ...attrs, activation, leakyreluAlpha: 0.2 },
    expected: [expected],
    magnitude: [magnitude],
    alsoCpu: activation !== 'elu', // exp(x) - 1 loses small values there
  };
}

// B packed is larger than one block: columns are done in parts, bias and activation too.
function wide(random: Random): KernelCase {
  const transposeA = random() < 0.5;
  const transposeB = random() < 0.5;
  const [m, k, n] = transposeA ? [integer(random, 1, 8), 3, 16400] : [integer(random, 1, 8), 5000, 850];
  const a = anyValues(random, [1, ...(transposeA ? [k, m] : [m, k])]);
  const b = anyValues(random, [1, ...(transposeB ? [n, k] : [k, n])]);
  const bias = anyValues(random, [n], [1]);
  const expected = matmul64(a, b, transposeA, transposeB).map((v, i) => Math.max(v + bias.values[i % n]!, 0));
  return { inputs: { a, b, bias }, attrs: { transposeA, transposeB, activation: 'relu' }, expected: [expected] };
}

// Sums that are too long to pack: done row by row. The register tiles go on from what C holds, so that float32 loses digits in millions of terms.
function long(random: Random): KernelCase {
  const [m, k, n] = [integer(random, 1, 2), 2 ** 21 + integer(random, 1, 9), integer(random, 1, 2)];
  const [transposeA, transposeB] = [random() < 0.3, random() < 0.5];
  const a = anyValues(random, transposeA ? [k, m] : [m, k]);
  const b = anyValues(random, transposeB ? [n, k] : [k, n]);
  return withReference({ inputs: { a, b }, attrs: { transposeA, transposeB } }, false);
}

/** Matrix products: transposes, batches, empty, infinite, fused. */
export const matmulCases: readonly CaseMaker[] = [
  { title: 'BatchMatMul against float64', kernel: 'BatchMatMul', make: (random) => withReference(operands(random, [], []), false) },
  { title: 'BatchMatMul with batches', kernel: 'BatchMatMul', make: batches },
  { title: 'BatchMatMul with broadcast batches', kernel: 'BatchMatMul', make: broadcastBatches },
  { title: 'BatchMatMul, empty operands', kernel: 'BatchMatMul', make: empty },
  { title: 'BatchMatMul of infinities and NaN', kernel: 'BatchMatMul', make: specials },
  { title: '_FusedMatMul', kernel: '_FusedMatMul', make: fused },
  { title: 'wide products with bias and relu', kernel: '_FusedMatMul', make: wide, cases: 8 },
  { title: 'very long sums', kernel: 'BatchMatMul', make: long, cases: 3, tolerance: 1e-5 },
];
