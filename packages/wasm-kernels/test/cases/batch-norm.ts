import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { statistics64 } from '../statistics64.ts';
import { integer, pick, signedValues } from '../wasm-under-test.ts';

type Random = () => number;

const ACTIVATIONS = ['linear', 'relu'] as const;

function setting(random: Random) {
  const shape = pick(random, [
    [integer(random, 1, 200), integer(random, 1, 19)],
    [integer(random, 1, 300), pick(random, [1, 2, 4, 8, 33])],
    [integer(random, 1, 3), integer(random, 2, 9), integer(random, 2, 9), integer(random, 1, 19)],
  ]);
  const channels = shape.at(-1)!;
  const x = anyValues(random, shape, [1, 1, 1, 1e-3, 1e4, 1e8]);
  const statistics = statistics64(x, channels, (i) => i % channels);
  const activation = pick(random, ACTIVATIONS);
  const attrs = { epsilon: pick(random, [1e-5, 1e-3]), activation };
  return { ...statistics, shape, channels, rows: x.values.length / channels, x, scale: signedValues(random, [channels]), attrs };
}

function forward(random: Random): KernelCase {
  const { x, shape, channels, scale, attrs, mean, variance, size } = setting(random);
  const offset = signedValues(random, [channels]);
  const residual = random() < 0.5 ? anyValues(random, shape, [1, 1, 1e-3, 1e4]) : undefined;
  const slope = (c: number): number => scale.values[c]! / Math.sqrt(variance[c]! + attrs.epsilon);
  const y = Float64Array.from(x.values, (v, i) => {
    const c = i % channels;
    const normalized = (v - mean[c]!) * slope(c) + offset.values[c]! + (residual?.values[i] ?? 0);
    return attrs.activation === 'relu' ? Math.max(normalized, 0) : normalized;
  });
  // What is subtracted: a constant channel has no variance but that of rounding.
  const yTerms = y.map((_, i) => {
    const c = i % channels;
    return Math.abs(size[c]! * slope(c)) + Math.abs(offset.values[c]!) + Math.abs(residual?.values[i] ?? 0);
  });
  const inputs = { x, scale, offset, ...(residual && { residual }) };
  return { inputs, attrs, expected: [y, mean, variance], magnitude: [yTerms, size, size.map((v) => v ** 2)] };
}

/** The ReLU's mask comes from the output (with a residual), or from the offset and what the forward pass computed. */
function gradient(random: Random): KernelCase {
  const { x, shape, channels, rows, scale, attrs, mean, variance } = setting(random);
  const dy = anyValues(random, shape, [1, 1, 1e-6, 1e6]);
  const offset = signedValues(random, [channels]);
  const source = attrs.activation === 'linear' ? 'none' : pick(random, ['y', 'offset'] as const);
  const y = anyValues(random, shape);
  // The kernel is given float32 statistics: the definition starts from the same numbers.
  const given = { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  const inverse = (c: number): number => 1 / Math.sqrt(given.variance[c]! + attrs.epsilon);
  const normal = Float64Array.from(x.values, (v, i) => (v - given.mean[i % channels]!) * inverse(i % channels));
  const passed = Float64Array.from(dy.values, (d, i) => {
    if (source === 'none') return d;
    if (source === 'y') return y.values[i]! > 0 ? d : 0;
    const [slope, at] = [scale.values[i % channels]!, offset.values[i % channels]!];
    const before = normal[i]! * slope + at;
    // At the ReLU's kink float32 may fall on the other side: no gradient there.
    if (Math.abs(before) <= 1e-5 * (Math.abs(normal[i]! * slope) + Math.abs(at)) + 1e-37) dy.values[i] = 0;
    return before > 0 ? dy.values[i]! : 0;
  });
  const [dScale, dOffset, scaleTerms, offsetTerms] = [0, 1, 2, 3].map(() => new Float64Array(channels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  passed.forEach((d, i) => {
    dScale[i % channels]! += d * normal[i]!;
    dOffset[i % channels]! += d;
    scaleTerms[i % channels]! += Math.abs(d * normal[i]!);
    offsetTerms[i % channels]! += Math.abs(d);
  });
  const dx = passed.map((d, i) => {
    const c = i % channels;
    return scale.values[c]! * inverse(c) * (d - dOffset[c]! / rows - (normal[i]! * dScale[c]!) / rows);
  });
  const dxTerms = dx.map((_, i) => {
    const c = i % channels;
    const terms = Math.abs(passed[i]!) + offsetTerms[c]! / rows + (Math.abs(normal[i]!) * scaleTerms[c]!) / rows;
    return Math.abs(scale.values[c]! * inverse(c)) * terms;
  });
  const statistics = { mean: { shape: [channels], values: given.mean }, variance: { shape: [channels], values: given.variance } };
  const mask = source === 'y' ? { y } : source === 'offset' ? { offset } : {};
  const residual = source === 'y' ? [passed] : [];
  return {
    inputs: { dy, x, ...statistics, scale, ...mask },
    attrs,
    expected: [dx, dScale, dOffset, ...residual],
    magnitude: [dxTerms, scaleTerms, offsetTerms, ...residual.map(() => absolute(dy).values)],
  };
}

/** The first half of the forward pass. */
function moments(random: Random): KernelCase {
  const { inputs, expected, magnitude } = forward(random);
  return { inputs: { x: inputs['x']! }, attrs: {}, expected: expected!.slice(1), magnitude: magnitude!.slice(1) };
}

/** The second one, from statistics that need not be those of these rows. */
function forwardBy(random: Random): KernelCase {
  const { x, channels, scale, attrs } = setting(random);
  const [offset, mean] = [signedValues(random, [channels]), signedValues(random, [channels])];
  const variance = absolute(signedValues(random, [channels]));
  const terms = (v: number, c: number): [number, number] => {
    const slope = scale.values[c]! / Math.sqrt(variance.values[c]! + attrs.epsilon);
    return [
      (v - mean.values[c]!) * slope + offset.values[c]!,
      (Math.abs(v) + Math.abs(mean.values[c]!)) * Math.abs(slope) + Math.abs(offset.values[c]!),
    ];
  };
  const y = Float64Array.from(x.values, (v, i) => terms(v, i % channels)[0]);
  return {
    inputs: { x, scale, offset, mean, variance: { shape: [channels], values: Float32Array.from(variance.values) } },
    attrs,
    expected: [attrs.activation === 'relu' ? y.map((v) => Math.max(v, 0)) : y],
    magnitude: [Float64Array.from(x.values, (v, i) => terms(v, i % channels)[1])],
  };
}

/** The first half of the gradient. */
function sums(random: Random): KernelCase {
  const { expected, magnitude, ...given } = gradient(random);
  return { ...given, expected: expected!.slice(1), magnitude: magnitude!.slice(1) };
}

/** The second one, from the sums that the first one gives and, as if there were as many rows elsewhere whose sums are 0, over twice the rows. */
function gradientBy(random: Random): KernelCase {
  for (;;) {
    const { inputs, attrs, expected, magnitude } = gradient(random);
    const { dy, x, mean, variance, scale, y, offset } = inputs;
    if (y) continue; // takes the residual's gradient, which has no ReLU
    const channels = scale!.values.length;
    const rows = x!.values.length / channels;
    const [dScale, dOffset] = expected!.slice(1).map((values) => ({ shape: [channels], values: Float32Array.from(values) }));
    const inverse = (c: number): number => 1 / Math.sqrt(variance!.values[c]! + (attrs['epsilon'] as number));
    const dx = Float64Array.from(expected![0]!, (value, i) => {
      const c = i % channels;
      const normal = (x!.values[i]! - mean!.values[c]!) * inverse(c);
      return value + (scale!.values[c]! * inverse(c) * (dOffset!.values[c]! + normal * dScale!.values[c]!)) / (2 * rows);
    });
    return {
      inputs: {
        dy: dy!,
        x: x!,
        mean: mean!,
        variance: variance!,
        scale: scale!,
        dScale: dScale!,
        dOffset: dOffset!,
        ...(offset && { offset }),
      },
      attrs: { ...attrs, count: 2 * rows },
      expected: [dx],
      magnitude: magnitude!.slice(0, 1),
    };
  }
}

/** Batch normalization in training, with a residual and a ReLU after it, and its gradient. */
export const batchNormCases: readonly CaseMaker[] = [
  { title: 'batch norm against float64', kernel: 'SelfsupBatchNorm', make: forward },
  { title: 'batch norm gradient against float64', kernel: 'SelfsupBatchNormGrad', make: gradient },
  { title: 'moments of a batch against float64', kernel: 'SelfsupBatchMoments', make: moments },
  { title: 'batch norm by given statistics against float64', kernel: 'SelfsupBatchNormBy', make: forwardBy },
  { title: 'sums of the batch norm gradient against float64', kernel: 'SelfsupBatchNormSums', make: sums },
  { title: 'batch norm gradient by given sums against float64', kernel: 'SelfsupBatchNormGradBy', make: gradientBy },
];
