import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { statistics64 } from '../statistics64.ts';
import { integer, pick, signedValues } from '../wasm-under-test.ts';

type Random = () => number;

function setting(random: Random) {
  const features = pick(random, [integer(random, 1, 9), integer(random, 3, 70), integer(random, 1000, 1100)]);
  const shape = pick(random, [
    [integer(random, 0, 3), features],
    [integer(random, 1, features < 1000 ? 150 : 70), features],
    [integer(random, 1, 3), integer(random, 1, 5), features],
  ]);
  const x = anyValues(random, shape, [1, 1, 1, 1e-3, 1e4, 1e8]);
  const at = pick(random, [0, 0, 30]) * Math.abs(x.values[0] ?? 0);
  x.values.forEach((v, i) => (x.values[i] = v + at));
  const rowOf = (i: number): number => Math.floor(i / features);
  const rows = x.values.length / features;
  const epsilon = pick(random, [1e-5, 1e-3]);
  const statistics = statistics64(x, rows, rowOf);
  const inverse = statistics.variance.map((v) => 1 / Math.sqrt(v + epsilon));
  return { ...statistics, inverse, shape, features, rows, rowOf, x, scale: signedValues(random, [features]), epsilon };
}

function forward(random: Random): KernelCase {
  const { x, features, rowOf, scale, epsilon, mean, inverse, size } = setting(random);
  const offset = signedValues(random, [features]);
  const y = Float64Array.from(x.values, (v, i) => {
    const [r, c] = [rowOf(i), i % features];
    return (v - mean[r]!) * inverse[r]! * scale.values[c]! + offset.values[c]!;
  });
  const yTerms = y.map((_, i) => {
    const [r, c] = [rowOf(i), i % features];
    return Math.abs(size[r]! * inverse[r]! * scale.values[c]!) + Math.abs(offset.values[c]!);
  });
  return { inputs: { x, scale, offset }, attrs: { epsilon }, expected: [y, mean, inverse], magnitude: [yTerms, size, inverse] };
}

function gradient(random: Random): KernelCase {
  const { x, shape, features, rows, rowOf, scale, ...exact } = setting(random);
  const dy = anyValues(random, shape, [1, 1, 1e-6, 1e6]);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const [mean, inverse] = [Float32Array.from(exact.mean), Float32Array.from(exact.inverse)];
  const zeros = (size: number) => [new Float64Array(size), new Float64Array(size)] as const;
  const [[dScale, scaleTerms], [dOffset, offsetTerms]] = [zeros(features), zeros(features)];
  const [[first, firstTerms], [second, secondTerms]] = [zeros(rows), zeros(rows)];
  const normal = Float64Array.from(x.values, (v, i) => (v - mean[rowOf(i)]!) * inverse[rowOf(i)]!);
  dy.values.forEach((d, i) => {
    const [r, c] = [rowOf(i), i % features];
    const along = (d * scale.values[c]!) / features;
    dScale[c]! += d * normal[i]!;
    scaleTerms[c]! += Math.abs(d * normal[i]!);
    dOffset[c]! += d;
    offsetTerms[c]! += Math.abs(d);
    first[r]! += along;
    firstTerms[r]! += Math.abs(along);
    second[r]! += along * normal[i]!;
    secondTerms[r]! += Math.abs(along * normal[i]!);
  });
  const dx = Float64Array.from(dy.values, (d, i) => {
    const r = rowOf(i);
    return inverse[r]! * (d * scale.values[i % features]! - first[r]! - normal[i]! * second[r]!);
  });
  // A row of two, whose normalized values are 1 and -1, has a gradient of rounding alone.
  const dxTerms = dx.map((_, i) => {
    const r = rowOf(i);
    return inverse[r]! * (Math.abs(dy.values[i]! * scale.values[i % features]!) + firstTerms[r]! + Math.abs(normal[i]!) * secondTerms[r]!);
  });
  const inputs = { dy, x, mean: { shape: [rows], values: mean }, inverse: { shape: [rows], values: inverse }, scale };
  return { inputs, attrs: {}, expected: [dx, dScale, dOffset], magnitude: [dxTerms, scaleTerms, offsetTerms] };
}

/** Layer normalization and its gradient. */
export const layerNormCases: readonly CaseMaker[] = [
  { title: 'layer norm against float64', kernel: 'SelfsupLayerNorm', make: forward },
  { title: 'layer norm gradient against float64', kernel: 'SelfsupLayerNormGrad', make: gradient },
];
