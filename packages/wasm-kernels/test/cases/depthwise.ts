import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { depthwiseFilter64, depthwiseForward64, depthwiseInfo, depthwiseInput64 } from '../depthwise-references.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { integer, pick } from '../wasm-under-test.ts';
import { activate64 } from './activations.ts';

type Random = () => number;

const CHANNELS = [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 16, 17, 20, 33];

/** Any window, stride, dilation, padding and multiplier; now and then several parts of channels, or several bands of rows. */
function geometry(random: Random) {
  const kind = pick(random, [...Array.from({ length: 18 }, () => 'small'), 'deep', 'wide']);
  const channels = kind === 'deep' ? integer(random, 120, 290) : kind === 'wide' ? pick(random, [64, 70]) : pick(random, CHANNELS);
  const side = kind === 'small' ? 11 : kind === 'deep' ? 5 : 40;
  const x = [
    integer(random, 1, kind === 'small' ? 3 : 1),
    integer(random, kind === 'wide' ? 30 : 1, side),
    integer(random, 1, side),
    channels,
  ];
  const filter = [integer(random, 1, 5), integer(random, 1, 5), channels, kind === 'wide' ? 1 : pick(random, [1, 1, 1, 2, 3, 4])];
  const dilations = random() < 0.3 ? [integer(random, 1, 3), integer(random, 1, 3)] : [1, 1];
  const strides = (dilations[0] === 1 && dilations[1] === 1) || random() < 0.3 ? [integer(random, 1, 3), integer(random, 1, 3)] : [1, 1];
  const reach = [0, 1].map((d) => (filter[d]! - 1) * dilations[d]! + 1);
  const explicit = reach.map((r) => [integer(random, 0, r - 1), integer(random, 0, r - 1)]);
  let pad: unknown = pick<unknown>(random, ['same', 'valid', [[0, 0], ...explicit, [0, 0]]]);
  if (x[1]! < reach[0]! || x[2]! < reach[1]!) pad = 'same';
  const dimRoundingMode: string | undefined = Array.isArray(pad) ? 'floor' : undefined;
  return { x, filter, attrs: { strides, dilations, pad, dimRoundingMode } };
}

// The gradients of the cpu backend ignore dilations.
const undilated = ({ dilations }: { dilations: readonly number[] }): boolean => dilations.every((d) => d === 1);

function forward(random: Random): KernelCase {
  const { x: shape, filter: window, attrs } = geometry(random);
  const [x, filter] = [anyValues(random, shape), anyValues(random, window)];
  const g = depthwiseInfo(shape, window, attrs);
  return {
    inputs: { x, filter },
    attrs: attrs as never,
    expected: [depthwiseForward64(g, x, filter)],
    magnitude: [depthwiseForward64(g, absolute(x), absolute(filter))],
    alsoCpu: undilated(attrs) || attrs.strides.every((s) => s === 1), // it refuses both at once
  };
}

function fused(random: Random): KernelCase {
  const one = forward(random);
  const { x, filter } = one.inputs as { x: KernelCase['inputs'][string]; filter: KernelCase['inputs'][string] };
  const columns = filter.shape[2]! * filter.shape[3]!;
  const activation = pick(random, ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu']);
  const bias = random() < 0.8 ? anyValues(random, [columns], [1]) : undefined;
  const prelu = activation === 'prelu' ? anyValues(random, [columns], [1]) : undefined;
  const biasAt = (i: number): number => bias?.values[i % columns] ?? 0;
  const [sum, terms] = [one.expected![0] as Float64Array, one.magnitude![0] as Float64Array];
  return {
    inputs: { x, filter, ...(bias && { bias }), ...(prelu && { preluActivationWeights: prelu }) },
    attrs: { ...one.attrs, activation, leakyreluAlpha: 0.3 },
    expected: [sum.map((v, i) => activate64(activation, v + biasAt(i), prelu?.values[i % columns] ?? 0.3))],
    magnitude: [terms.map((v, i) => v + Math.abs(biasAt(i)))],
    alsoCpu: one.alsoCpu === true && activation !== 'elu', // exp(x) - 1 loses small values there
  };
}

function inputGradient(random: Random): KernelCase {
  const { x, filter: window, attrs } = geometry(random);
  const g = depthwiseInfo(x, window, attrs);
  const [dy, filter] = [anyValues(random, g.outShape), anyValues(random, window)];
  return {
    inputs: { dy, filter },
    attrs: { ...attrs, inputShape: x } as never,
    expected: [depthwiseInput64(g, dy, filter)],
    magnitude: [depthwiseInput64(g, absolute(dy), absolute(filter))],
    alsoCpu: undilated(attrs),
  };
}

function filterGradient(random: Random): KernelCase {
  const { x: shape, filter, attrs } = geometry(random);
  const g = depthwiseInfo(shape, filter, attrs);
  const [x, dy] = [anyValues(random, shape), anyValues(random, g.outShape)];
  return {
    inputs: { x, dy },
    attrs: { ...attrs, filterShape: filter } as never,
    expected: [depthwiseFilter64(g, x, dy)],
    magnitude: [depthwiseFilter64(g, absolute(x), absolute(dy))],
    alsoCpu: undilated(attrs),
  };
}

/** The depthwise convolution, fused and not, and its gradients. */
export const depthwiseCases: readonly CaseMaker[] = [
  { title: 'DepthwiseConv2dNative', kernel: 'DepthwiseConv2dNative', make: forward },
  { title: 'FusedDepthwiseConv2D', kernel: 'FusedDepthwiseConv2D', make: fused },
  { title: 'depthwise input gradient', kernel: 'DepthwiseConv2dNativeBackpropInput', make: inputGradient },
  { title: 'depthwise filter gradient', kernel: 'DepthwiseConv2dNativeBackpropFilter', make: filterGradient },
];
