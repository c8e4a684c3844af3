import { suitsWinograd, type Direction } from '../../src/winograd.ts';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { convFilter64, convForward64, convInput64, info } from '../float64-references.ts';
import { anyValues } from '../hostile-values.ts';
import { integer, pick } from '../wasm-under-test.ts';
import { activate64 } from './activations.ts';

type Random = () => number;

/** The attributes of a convolution that Winograd may take. */
export const winogradAttrs = (pad: unknown, stride = 1) => ({
  strides: [stride, stride],
  dilations: [1, 1],
  pad,
  dataFormat: 'NHWC',
  dimRoundingMode: Array.isArray(pad) ? 'floor' : undefined,
});

function anyGeometry(random: Random) {
  const channels = () => 4 * integer(random, 4, 12);
  const x = [integer(random, 1, 4), pick(random, [3, 4, 7, 8, 11, 12, 15, 16]), pick(random, [4, 6, 7, 8, 12]), channels()];
  const filter = [3, 3, x[3]!, channels()];
  if (random() < 0.1) [x[0], x[1], x[2], x[3], filter[2], filter[3]] = [1, 8, 4, 160, 160, 132]; // more weights than one group
  const around = [integer(random, 0, 2), integer(random, 0, 2)];
  const pad = pick<unknown>(random, ['same', 'same', 'valid', [[0, 0], around, [1, 1], [0, 0]]]);
  const attrs = winogradAttrs(pad, pick(random, [1, 1, 2]));
  return { x, filter, attrs, g: info(x, filter, attrs) };
}

/**
 * Shapes that Winograd takes in a direction: channels in fours, tiles cut by the border, one block and several, wide filters in groups, both strides.
 *
 * Every output mixes its whole tile, so that its error is a share of its neighbors, not of itself. The operands have any magnitude, but one each, and
 * the error is measured on the norm of the whole result.
 */
function geometry(random: Random, direction: Direction): ReturnType<typeof anyGeometry> {
  for (;;) {
    const at = anyGeometry(random);
    if (suitsWinograd(at.g, direction)) return at;
  }
}

function forward(random: Random): KernelCase {
  const { x, filter, attrs, g } = geometry(random, 'output');
  const inputs = { x: anyValues(random, x), filter: anyValues(random, filter) };
  return { inputs, attrs: attrs as never, expected: [convForward64(g, inputs.x, inputs.filter)] };
}

function fused(random: Random): KernelCase {
  const { x, filter, attrs, g } = geometry(random, 'output');
  const columns = filter[3]!;
  const inputs = { x: anyValues(random, x), filter: anyValues(random, filter) };
  const bias = random() < 0.8 ? anyValues(random, [columns], [1, 1e4]) : undefined;
  const activation = pick(random, ['linear', 'relu', 'relu', 'relu6', 'elu', 'leakyrelu']);
  const biasAt = (i: number): number => bias?.values[i % columns] ?? 0;
  const products = convForward64(g, inputs.x, inputs.filter);
  return {
    inputs: { ...inputs, ...(bias && { bias }) },
    attrs: { ...attrs, activation, leakyreluAlpha: 0.3 } as never,
    expected: [products.map((v, i) => activate64(activation, v + biasAt(i), 0.3))],
    magnitude: [products.map((v, i) => Math.abs(v) + Math.abs(biasAt(i)))], // an activation hides large values, not their error
  };
}

function inputGradient(random: Random): KernelCase {
  const { x, filter, attrs, g } = geometry(random, 'input');
  const inputs = { dy: anyValues(random, g.outShape), filter: anyValues(random, filter) };
  return { inputs, attrs: { ...attrs, inputShape: x } as never, expected: [convInput64(g, inputs.dy, inputs.filter)] };
}

function filterGradient(random: Random): KernelCase {
  const { x, filter, attrs, g } = geometry(random, 'filter');
  const inputs = { x: anyValues(random, x), dy: anyValues(random, g.outShape) };
  return { inputs, attrs: { ...attrs, filterShape: filter } as never, expected: [convFilter64(g, inputs.x, inputs.dy)] };
}

/** The convolution and its gradients by Winograd's algorithm. */
export const winogradCases: readonly CaseMaker[] = [
  { title: 'Conv2D by Winograd against float64', kernel: 'Conv2D', make: forward, cases: 120 },
  { title: 'FusedConv2D by Winograd against float64', kernel: 'FusedConv2D', make: fused, cases: 120 },
  { title: 'Conv2DBackpropInput by Winograd against float64', kernel: 'Conv2DBackpropInput', make: inputGradient, cases: 120 },
  { title: 'Conv2DBackpropFilter by Winograd against float64', kernel: 'Conv2DBackpropFilter', make: filterGradient, cases: 120 },
];
