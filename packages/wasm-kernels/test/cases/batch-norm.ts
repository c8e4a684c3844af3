import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick, signedValues, type Values } from '../wasm-under-test.ts';

type Random = () => number;

function statistics(x: Values, channels: number) {
  const rows = x.values.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  x.values.forEach((v, i) => (mean[i % channels]! += v / rows));
  x.values.forEach((v, i) => (variance[i % channels]! += (v - mean[i % channels]!) ** 2 / rows));
  return { rows, mean, variance };
}

function setting(random: Random) {
  const shape = pick(random, [
    [integer(random, 1, 200), integer(random, 1, 19)],
    [integer(random, 1, 300), pick(random, [1, 2, 4, 8, 33])],
    [integer(random, 1, 3), integer(random, 2, 9), integer(random, 2, 9), integer(random, 1, 19)],
  ]);
  const channels = shape.at(-1)!;
  const x = anyValues(random, shape, [1, 1, 1, 1e-3, 1e4, 1e8]);
  return { shape, channels, x, scale: signedValues(random, [channels]), epsilon: pick(random, [1e-5, 1e-3]) };
}

function forward(random: Random): KernelCase {
  const { x, channels, scale, epsilon } = setting(random);
  const offset = signedValues(random, [channels]);
  const { mean, variance } = statistics(x, channels);
  const y = Float64Array.from(x.values, (v, i) => {
    const c = i % channels;
    return ((v - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * scale.values[c]! + offset.values[c]!;
  });
  // What is subtracted: a constant channel has no variance but that of rounding.
  const size = Math.max(...x.values.map(Math.abs));
  const yTerms = y.map((_, i) => {
    const c = i % channels;
    return Math.abs((size / Math.sqrt(variance[c]! + epsilon)) * scale.values[c]!) + Math.abs(offset.values[c]!);
  });
  const magnitude = [yTerms, mean.map(() => size), variance.map(() => size ** 2)];
  return { inputs: { x, scale, offset }, attrs: { epsilon }, expected: [y, mean, variance], magnitude };
}

function gradient(random: Random): KernelCase {
  const { x, shape, channels, scale, epsilon } = setting(random);
  const dy = anyValues(random, shape, [1, 1, 1e-6, 1e6]);
  const { rows, mean, variance } = statistics(x, channels);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const given = { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  const inverse = (c: number): number => 1 / Math.sqrt(given.variance[c]! + epsilon);
  const normal = Float64Array.from(x.values, (v, i) => (v - given.mean[i % channels]!) * inverse(i % channels));
  const [dScale, dOffset, scaleTerms, offsetTerms] = [0, 1, 2, 3].map(() => new Float64Array(channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  dy.values.forEach((d, i) => {
    dScale[i % channels]! += d * normal[i]!;
    dOffset[i % channels]! += d;
    scaleTerms[i % channels]! += Math.abs(d * normal[i]!);
    offsetTerms[i % channels]! += Math.abs(d);
  });
  const dx = Float64Array.from(dy.values, (d, i) => {
    const c = i % channels;
    return scale.values[c]! * inverse(c) * (d - dOffset[c]! / rows - (normal[i]! * dScale[c]!) / rows);
  });
  const dxTerms = dx.map((_, i) => {
    const c = i % channels;
    const terms = Math.abs(dy.values[i]!) + offsetTerms[c]! / rows + (Math.abs(normal[i]!) * scaleTerms[c]!) / rows;
    return Math.abs(scale.values[c]! * inverse(c)) * terms;
  });
  const inputs = { dy, x, mean: { shape: [channels], values: given.mean }, variance: { shape: [channels], values: given.variance }, scale };
  return { inputs, attrs: { epsilon }, expected: [dx, dScale, dOffset], magnitude: [dxTerms, scaleTerms, offsetTerms] };
}

/** Batch normalisation in training and its gradient. */
export const batchNormCases: readonly CaseMaker[] = [
  { title: 'batch norm against float64', kernel: 'SelfsupBatchNorm', make: forward },
  { title: 'batch norm gradient against float64', kernel: 'SelfsupBatchNormGrad', make: gradient },
];
