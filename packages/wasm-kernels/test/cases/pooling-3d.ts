import { backend_util } from '@tensorflow/tfjs-core';
import type { CaseMaker, KernelCase } from '../case-maker.ts';
import { anyValues, withSpecials } from '../hostile-values.ts';
import { integer, pick, type Values } from '../wasm-under-test.ts';

type Random = () => number;
type Shape5 = [number, number, number, number, number];
type Triple = [number, number, number];

function setting(random: Random) {
  const shape: Shape5 = [integer(random, 1, 2), integer(random, 3, 6), integer(random, 3, 6), integer(random, 3, 6), integer(random, 1, 6)];
  const filterSize: Triple = [integer(random, 1, 3), integer(random, 1, 3), integer(random, 1, 3)];
  const strides: Triple = [integer(random, 1, 3), integer(random, 1, 3), integer(random, 1, 3)];
  const pad = pick(random, ['same', 'valid'] as const);
  const x = anyValues(random, shape);
  const kind = pick(random, ['signed', 'negative', 'ties']);
  for (let i = 0; i < x.values.length; i++) {
    if (kind === 'negative') x.values[i] = -Math.abs(x.values[i]!) - 0.01;
    if (kind === 'ties') x.values[i] = Math.round(x.values[i]! * 2) - 1;
  }
  const g = backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, undefined, 'NDHWC');
  return { x, g, attrs: { filterSize, strides, pad, dataFormat: 'NDHWC' } };
}

/** Where the first largest value of each box lies, in row-major order. */
function largest(g: backend_util.Conv3DInfo, x: Values): Int32Array {
  return Int32Array.from({ length: g.outShape.reduce((a, b) => a * b, 1) }, (_, i) => {
    const c = i % g.outChannels;
    const ow = Math.floor(i / g.outChannels) % g.outWidth;
    const oh = Math.floor(i / g.outChannels / g.outWidth) % g.outHeight;
    const od = Math.floor(i / g.outChannels / g.outWidth / g.outHeight) % g.outDepth;
    const n = Math.floor(i / g.outChannels / g.outWidth / g.outHeight / g.outDepth);
    let at = -1;
    for (let t = 0; t < g.filterDepth * g.filterHeight * g.filterWidth; t++) {
      const d = od * g.strideDepth - g.padInfo.front + Math.floor(t / g.filterWidth / g.filterHeight);
      const h = oh * g.strideHeight - g.padInfo.top + (Math.floor(t / g.filterWidth) % g.filterHeight);
      const w = ow * g.strideWidth - g.padInfo.left + (t % g.filterWidth);
      if (d < 0 || h < 0 || w < 0 || d >= g.inDepth || h >= g.inHeight || w >= g.inWidth) continue;
      const place = (((n * g.inDepth + d) * g.inHeight + h) * g.inWidth + w) * g.inChannels + c;
      if (at < 0 || x.values[place]! > x.values[at]!) at = place;
    }
    return at;
  });
}

function forward(random: Random): KernelCase {
  const { x, g, attrs } = setting(random);
  const expected = Float64Array.from(largest(g, x), (at) => x.values[at]!);
  return { inputs: { x }, attrs, expected: [expected], alsoCpu: true };
}

function gradient(random: Random): KernelCase {
  const { x, g, attrs } = setting(random);
  const dy = anyValues(random, g.outShape);
  const dx = new Float64Array(x.values.length);
  const terms = new Float64Array(x.values.length);
  largest(g, x).forEach((at, i) => {
    dx[at]! += dy.values[i]!;
    terms[at]! += Math.abs(dy.values[i]!);
  });
  const output = { shape: g.outShape, values: new Float32Array(dy.values.length) };
  return { inputs: { dy, input: x, output }, attrs, expected: [dx], magnitude: [terms] }; // the cpu backend takes the last of equal values
}

/** Each box's gradient in equal shares for the voxels that it averaged. */
function averageGradient(random: Random): KernelCase {
  const { x, g, attrs } = setting(random);
  const dy = anyValues(random, g.outShape);
  const scatter = (values: ArrayLike<number>): Float64Array => {
    const dx = new Float64Array(x.values.length);
    const within = (start: number, size: number, end: number): number[] =>
      Array.from({ length: size }, (_, i) => start + i).filter((at) => at >= 0 && at < end);
    let output = 0;
    for (let n = 0; n < g.batchSize; n++)
      for (let od = 0; od < g.outDepth; od++)
        for (let oh = 0; oh < g.outHeight; oh++)
          for (let ow = 0; ow < g.outWidth; ow++)
            for (let c = 0; c < g.outChannels; c++, output++) {
              const depths = within(od * g.strideDepth - g.padInfo.front, g.filterDepth, g.inDepth);
              const rows = within(oh * g.strideHeight - g.padInfo.top, g.filterHeight, g.inHeight);
              const columns = within(ow * g.strideWidth - g.padInfo.left, g.filterWidth, g.inWidth);
              const share = values[output]! / (depths.length * rows.length * columns.length);
              for (const d of depths)
                for (const h of rows)
                  for (const w of columns) dx[(((n * g.inDepth + d) * g.inHeight + h) * g.inWidth + w) * g.inChannels + c]! += share;
            }
    return dx;
  };
  return { inputs: { dy, input: x }, attrs, expected: [scatter(dy.values)], magnitude: [scatter(dy.values.map(Math.abs))] };
}

/** A maximum passes NaN over. */
function forwardWithNan(random: Random): KernelCase {
  const { x, g, attrs } = setting(random);
  const hidden = withSpecials(random, x, [NaN], 0.2);
  const known: Values = { ...hidden, values: hidden.values.map((v) => (Number.isNaN(v) ? -Infinity : v)) };
  return { inputs: { x: hidden }, attrs, expected: [Float64Array.from(largest(g, known), (at) => known.values[at]!)], alsoCpu: true };
}

/** Pooling over boxes, and its gradients. */
export const pooling3dCases: readonly CaseMaker[] = [
  { title: 'MaxPool3D', kernel: 'MaxPool3D', make: forward, cases: 100 },
  { title: 'MaxPool3D of NaN', kernel: 'MaxPool3D', make: forwardWithNan, cases: 100 },
  { title: 'AvgPool3DGrad', kernel: 'AvgPool3DGrad', make: averageGradient, cases: 100 },
  { title: 'MaxPool3DGrad', kernel: 'MaxPool3DGrad', make: gradient, cases: 100 },
];
