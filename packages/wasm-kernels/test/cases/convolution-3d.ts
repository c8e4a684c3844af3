import { backend_util } from '@tensorflow/tfjs-core';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { absolute, anyValues } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;
type Shape5 = [number, number, number, number, number];
type Geometry = backend_util.Conv3DInfo;

/** Visits every product of the convolution: indices into x, filter and y. */
function visit(g: Geometry, body: (x: number, w: number, y: number) => void): void {
  const outputs = g.batchSize * g.outDepth * g.outHeight * g.outWidth;
  for (let at = 0; at < outputs; at++) {
    const ow = at % g.outWidth;
    const oh = Math.floor(at / g.outWidth) % g.outHeight;
    const od = Math.floor(at / g.outWidth / g.outHeight) % g.outDepth;
    const n = Math.floor(at / g.outWidth / g.outHeight / g.outDepth);
    for (let t = 0; t < g.filterDepth * g.filterHeight * g.filterWidth; t++) {
      const depth = od * g.strideDepth - g.padInfo.front + Math.floor(t / g.filterWidth / g.filterHeight);
      const row = oh * g.strideHeight - g.padInfo.top + (Math.floor(t / g.filterWidth) % g.filterHeight);
      const column = ow * g.strideWidth - g.padInfo.left + (t % g.filterWidth);
      if (depth < 0 || row < 0 || column < 0 || depth >= g.inDepth || row >= g.inHeight || column >= g.inWidth) continue;
      const x = (((n * g.inDepth + depth) * g.inHeight + row) * g.inWidth + column) * g.inChannels;
      for (let c = 0; c < g.inChannels; c++) {
        for (let o = 0; o < g.outChannels; o++) body(x + c, (t * g.inChannels + c) * g.outChannels + o, at * g.outChannels + o);
      }
    }
  }
}

const sized = (shape: readonly number[]): Float64Array => new Float64Array(shape.reduce((a, b) => a * b, 1));

function input64(g: Geometry, dy: Values, filter: Values): Float64Array {
  const dx = sized(g.inShape);
  visit(g, (x, w, y) => (dx[x]! += dy.values[y]! * filter.values[w]!));
  return dx;
}

function filter64(g: Geometry, x: Values, dy: Values): Float64Array {
  const dw = sized(g.filterShape);
  visit(g, (xi, w, y) => (dw[w]! += x.values[xi]! * dy.values[y]!));
  return dw;
}

function geometry(random: Random) {
  const xShape: Shape5 = [
    integer(random, 1, 2),
    integer(random, 3, 6),
    integer(random, 3, 7),
    integer(random, 3, 7),
    integer(random, 1, 7),
  ];
  const window: Shape5 = [integer(random, 1, 3), integer(random, 1, 3), integer(random, 1, 3), xShape[4], integer(random, 1, 9)];
  const strides: [number, number, number] = [integer(random, 1, 3), integer(random, 1, 3), integer(random, 1, 3)];
  const pad = pick(random, ['same', 'valid'] as const);
  return { xShape, window, attrs: { strides, pad }, g: backend_util.computeConv3DInfo(xShape, window, strides, 1, pad) };
}

function inputGradient(random: Random): KernelCase {
  const { xShape, window, attrs, g } = geometry(random);
  const [dy, filter] = [anyValues(random, g.outShape), anyValues(random, window)];
  const magnitude = [input64(g, absolute(dy), absolute(filter))];
  return { inputs: { dy, filter }, attrs: { ...attrs, inputShape: xShape }, expected: [input64(g, dy, filter)], magnitude, alsoCpu: true };
}

function filterGradient(random: Random): KernelCase {
  const { xShape, window, attrs, g } = geometry(random);
  const [x, dy] = [anyValues(random, xShape), anyValues(random, g.outShape)];
  const magnitude = [filter64(g, absolute(x), absolute(dy))];
  return { inputs: { x, dy }, attrs: { ...attrs, filterShape: window }, expected: [filter64(g, x, dy)], magnitude, alsoCpu: true };
}

/** Both gradients of the 3-D convolution. */
export const convolution3dCases: readonly CaseMaker[] = [
  { title: 'Conv3DBackpropInputV2', kernel: 'Conv3DBackpropInputV2', make: inputGradient, cases: 100 },
  { title: 'Conv3DBackpropFilterV2', kernel: 'Conv3DBackpropFilterV2', make: filterGradient, cases: 100 },
];
