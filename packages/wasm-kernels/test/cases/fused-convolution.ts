import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { convForward64, info } from '../float64-references.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { integer, pick } from '../wasm-under-test.ts';
import { activate64 } from './activations.ts';

type Random = () => number;

function fused(random: Random): KernelCase {
  const channels = integer(random, 1, 9);
  const columns = integer(random, 1, 11);
  const kernel = integer(random, 1, 3);
  const activation = pick(random, ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu']);
  const x = anyValues(random, [integer(random, 1, 2), integer(random, 3, 8), integer(random, 3, 8), channels]);
  const filter = anyValues(random, [kernel, kernel, channels, columns]);
  const bias = random() < 0.8 ? anyValues(random, [columns], [1]) : undefined;
  const prelu = activation === 'prelu' ? anyValues(random, [columns], [1]) : undefined;
  const attrs = {
    strides: [integer(random, 1, 2), integer(random, 1, 2)],
    pad: pick(random, ['same', 'valid']),
    dilations: [1, 1],
    dataFormat: 'NHWC',
    activation,
    leakyreluAlpha: 0.3,
  };
  const g = info(x.shape, filter.shape, attrs);
  const biasAt = (i: number): number => bias?.values[i % columns] ?? 0;
  return {
    inputs: { x, filter, ...(bias && { bias }), ...(prelu && { preluActivationWeights: prelu }) },
    attrs,
    expected: [convForward64(g, x, filter).map((v, i) => activate64(activation, v + biasAt(i), prelu?.values[i % columns] ?? 0.3))],
    magnitude: [convForward64(g, absolute(x), absolute(filter)).map((v, i) => v + Math.abs(biasAt(i)))],
    alsoCpu: activation !== 'elu', // exp(x) - 1 loses small values there
  };
}

// The cpu backend has NCHW too; both gradients and the forward pass turn it to channels last and back.
function channelsFirst(random: Random) {
  const x = [integer(random, 1, 2), integer(random, 1, 7), integer(random, 3, 7), integer(random, 3, 7)];
  const filter = [integer(random, 1, 3), integer(random, 1, 3), x[1]!, integer(random, 1, 9)];
  const y = [x[0]!, filter[3]!, x[2]!, x[3]!];
  return { x, filter, y, attrs: { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', dilations: [1, 1] } };
}

/** Convolutions with bias and activation, and convolutions in channels-first order. */
export const fusedConvolutionCases: readonly CaseMaker[] = [
  { title: 'FusedConv2D', kernel: 'FusedConv2D', make: fused },
  {
    title: 'Conv2D in NCHW',
    kernel: 'Conv2D',
    make: (random) => {
      const { x, filter, attrs } = channelsFirst(random);
      return { inputs: { x: anyValues(random, x, [1]), filter: anyValues(random, filter, [1]) }, attrs };
    },
  },
  {
    title: 'Conv2DBackpropInput in NCHW',
    kernel: 'Conv2DBackpropInput',
    make: (random) => {
      const { x, y, filter, attrs } = channelsFirst(random);
      return { inputs: { dy: anyValues(random, y, [1]), filter: anyValues(random, filter, [1]) }, attrs: { ...attrs, inputShape: x } };
    },
  },
  {
    title: 'Conv2DBackpropFilter in NCHW',
    kernel: 'Conv2DBackpropFilter',
    make: (random) => {
      const { x, y, filter, attrs } = channelsFirst(random);
      return { inputs: { x: anyValues(random, x, [1]), dy: anyValues(random, y, [1]) }, attrs: { ...attrs, filterShape: filter } };
    },
  },
];
