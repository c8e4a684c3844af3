import { matmul64 } from '../test/float64-references.ts';
import { describeKernel } from '../test/kernel-cases.ts';
import { integer, pick, signedValues } from '../test/wasm-under-test.ts';

type Random = () => number;
const size = (random: Random): number => pick(random, [1, 2, 3, 5, 6, 7, 8, 9, 12, 17, 31, 32, 64, integer(random, 1, 130)]);

function operands(random: Random, batchA: readonly number[], batchB: readonly number[]) {
  const [m, k, n] = [size(random), random() < 0.1 ? integer(random, 570, 1300) : size(random), size(random)];
  const transposeA = random() < 0.5;
  const transposeB = random() < 0.5;
  const a = signedValues(random, [...batchA, ...(transposeA ? [k, m] : [m, k])]);
  const b = signedValues(random, [...batchB, ...(transposeB ? [n, k] : [k, n])]);
  return { inputs: { a, b }, attrs: { transposeA, transposeB }, n };
}

describeKernel('BatchMatMul against float64', 'BatchMatMul', (random) => {
  const { inputs, attrs } = operands(random, [], []);
  return { inputs, attrs, expected: [matmul64(inputs.a, inputs.b, attrs.transposeA, attrs.transposeB)] };
});

// Rank-4 batches of the cpu backend wrap around; what it broadcasts rightly is one batch dimension.
describeKernel('BatchMatMul with batches', 'BatchMatMul', (random) => {
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
  const { inputs, attrs } = operands(random, batchA, batchB);
  return { inputs, attrs };
});

describeKernel('BatchMatMul with broadcast batches against float64', 'BatchMatMul', (random) => {
  const [batchA, batchB, batch] = pick(random, [
    [[2, 1], [1, 3], 6],
    [[3], [2, 3], 6],
    [[2, 3, 1], [1, 4], 24],
    [[], [4], 4],
    [[1, 3], [2, 1], 6],
  ] as const);
  const { inputs, attrs } = operands(random, batchA, batchB);
  const aAt: number[] = [];
  const bAt: number[] = [];
  const rank = Math.max(batchA.length, batchB.length);
  const full = Array.from({ length: rank }, (_, d) => Math.max(batchA.at(d - rank) ?? 1, batchB.at(d - rank) ?? 1));
  for (let i = 0; i < batch; i++) {
    let rest = i;
    const at = full.map(() => 0);
    for (let d = rank - 1; d >= 0; d--) {
      at[d] = rest % full[d]!;
      rest = Math.floor(rest / full[d]!);
    }
    for (const [extents, list] of [
      [batchA, aAt],
      [batchB, bAt],
    ] as const) {
      let index = 0;
      for (let d = 0; d < extents.length; d++) index = index * extents[d]! + (extents[d] === 1 ? 0 : at[d + rank - extents.length]!);
      list.push(index);
    }
  }
  const part = ({ shape, values }: (typeof inputs)['a'], index: number) => {
    const matrix = shape.slice(-2);
    const length = matrix[0]! * matrix[1]!;
    return { shape: matrix, values: values.subarray(index * length, (index + 1) * length) as Float32Array };
  };
  const expected: number[] = [];
  for (let i = 0; i < batch; i++)
    expected.push(...matmul64(part(inputs.a, aAt[i]!), part(inputs.b, bAt[i]!), attrs.transposeA, attrs.transposeB));
  return { inputs, attrs, expected: [expected] };
});

describeKernel('_FusedMatMul', '_FusedMatMul', (random) => {
  const batch = integer(random, 1, 3);
  const { inputs, attrs, n } = operands(random, [batch], [random() < 0.3 ? 1 : batch]);
  const activation = pick(random, ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu']);
  const bias = pick(random, [undefined, signedValues(random, [n]), signedValues(random, [n]), signedValues(random, [1])]);
  return {
    inputs: {
      ...inputs,
      ...(bias && { bias }),
      ...(activation === 'prelu' && { preluActivationWeights: signedValues(random, [n]) }),
    },
    attrs: { ...attrs, activation, leakyreluAlpha: 0.2 },
  };
});

// B packed is larger than one block: columns are done in parts, bias and activation too.
describeKernel(
  'wide products with bias and relu against float64',
  '_FusedMatMul',
  (random) => {
    const transposeA = random() < 0.5;
    const transposeB = random() < 0.5;
    const [m, k, n] = transposeA ? [integer(random, 1, 8), 3, 16400] : [integer(random, 1, 8), 5000, 850];
    const a = signedValues(random, [1, ...(transposeA ? [k, m] : [m, k])]);
    const b = signedValues(random, [1, ...(transposeB ? [n, k] : [k, n])]);
    const bias = signedValues(random, [n]);
    const expected = matmul64(a, b, transposeA, transposeB).map((v, i) => Math.max(v + bias.values[i % n]!, 0));
    return { inputs: { a, b, bias }, attrs: { transposeA, transposeB, activation: 'relu' }, expected: [expected] };
  },
  { cases: 8 },
);
