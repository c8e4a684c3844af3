import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues } from '../hostile-values.ts';
import { statistics64 } from '../statistics64.ts';
import { integer, pick, signedValues } from '../wasm-under-test.ts';

type Random = () => number;

/** A random input with the statistics of its samples and groups; `groupOf` maps an element to its group. */
function setting(random: Random) {
  const groups = integer(random, 1, 5);
  const channels = groups * integer(random, 1, 6);
  const pixels = pick(random, [[integer(random, 1, 90)], [integer(random, 1, 9), integer(random, 2, 9)], [integer(random, 60, 140)]]);
  const shape = [integer(random, 1, 4), ...pixels, channels];
  const x = anyValues(random, shape, [1, 1, 1, 1e-3, 1e4, 1e8]);
  const perSample = x.values.length / shape[0]!;
  const groupOf = (i: number): number => Math.floor(i / perSample) * groups + Math.floor(((i % channels) * groups) / channels);
  const attrs = { numGroups: groups, epsilon: pick(random, [1e-5, 1e-3]) };
  const statistics = statistics64(x, shape[0]! * groups, groupOf);
  return { ...statistics, x, shape, channels, groupOf, count: perSample / groups, attrs, scale: signedValues(random, [channels]) };
}

function forward(random: Random): KernelCase {
  const { x, channels, groupOf, mean, variance, size, attrs, scale } = setting(random);
  const offset = signedValues(random, [channels]);
  const slope = (i: number): number => scale.values[i % channels]! / Math.sqrt(variance[groupOf(i)]! + attrs.epsilon);
  const y = Float64Array.from(x.values, (v, i) => (v - mean[groupOf(i)]!) * slope(i) + offset.values[i % channels]!);
  const yTerms = y.map((_, i) => Math.abs(size[groupOf(i)]! * slope(i)) + Math.abs(offset.values[i % channels]!));
  return {
    inputs: { x, scale, offset },
    attrs,
    expected: [y, mean, variance],
    magnitude: [yTerms, size, size.map((v) => v ** 2)],
  };
}

function gradient(random: Random): KernelCase {
  const { x, shape, channels, groupOf, count, mean, variance, attrs, scale } = setting(random);
  const dy = anyValues(random, shape, [1, 1, 1e-6, 1e6]);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const given = { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  const deviation = (g: number): number => Math.sqrt(given.variance[g]! + attrs.epsilon);
  const normal = Float64Array.from(x.values, (v, i) => (v - given.mean[groupOf(i)]!) / deviation(groupOf(i)));
  const zeros = (size: number) => [new Float64Array(size), new Float64Array(size)] as const;
  const [[dScale, scaleTerms], [dOffset, offsetTerms]] = [zeros(channels), zeros(channels)];
  const [[sum, sumTerms], [product, productTerms]] = [zeros(mean.length), zeros(mean.length)];
  dy.values.forEach((d, i) => {
    const [c, g] = [i % channels, groupOf(i)];
    const along = d * scale.values[c]!;
    dScale[c]! += d * normal[i]!;
    scaleTerms[c]! += Math.abs(d * normal[i]!);
    dOffset[c]! += d;
    offsetTerms[c]! += Math.abs(d);
    sum[g]! += along / count;
    sumTerms[g]! += Math.abs(along) / count;
    product[g]! += (along * normal[i]!) / count;
    productTerms[g]! += Math.abs(along * normal[i]!) / count;
  });
  const dx = Float64Array.from(dy.values, (d, i) => {
    const g = groupOf(i);
    return (d * scale.values[i % channels]! - sum[g]! - normal[i]! * product[g]!) / deviation(g);
  });
  const dxTerms = dx.map((_, i) => {
    const g = groupOf(i);
    return (Math.abs(dy.values[i]! * scale.values[i % channels]!) + sumTerms[g]! + Math.abs(normal[i]!) * productTerms[g]!) / deviation(g);
  });
  const statistics = [shape[0]!, attrs.numGroups];
  const inputs = { dy, x, mean: { shape: statistics, values: given.mean }, variance: { shape: statistics, values: given.variance }, scale };
  return { inputs, attrs, expected: [dx, dScale, dOffset], magnitude: [dxTerms, scaleTerms, offsetTerms] };
}

/** Group normalization and its gradient. */
export const groupNormCases: readonly CaseMaker[] = [
  { title: 'group norm against float64', kernel: 'SelfsupGroupNorm', make: forward },
  { title: 'group norm gradient against float64', kernel: 'SelfsupGroupNormGrad', make: gradient },
];
