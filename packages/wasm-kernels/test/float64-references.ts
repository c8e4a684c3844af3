import { backend_util } from '@tensorflow/tfjs-core';
import type { Values } from './wasm-under-test.ts';

type Info = backend_util.Conv2DInfo;

/** A convolution's geometry from shapes and attributes. */
export function info(
  x: readonly number[],
  filter: readonly number[],
  attrs: { strides: number[]; pad: unknown; dilations: number[] },
): Info {
  return backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides as [number, number],
    attrs.dilations as [number, number],
    attrs.pad as 'valid',
    attrs.pad === 'valid' || attrs.pad === 'same' ? undefined : 'floor',
  );
}

/** Visits every product of a convolution: indices into x, filter and y. */
function visit(g: Info, body: (x: number, w: number, y: number) => void): void {
  for (let n = 0; n < g.batchSize; n++)
    for (let oh = 0; oh < g.outHeight; oh++)
      for (let ow = 0; ow < g.outWidth; ow++)
        for (let i = 0; i < g.filterHeight; i++)
          for (let j = 0; j < g.filterWidth; j++) {
            const h = oh * g.strideHeight - g.padInfo.top + i * g.dilationHeight;
            const w = ow * g.strideWidth - g.padInfo.left + j * g.dilationWidth;
            if (h < 0 || w < 0 || h >= g.inHeight || w >= g.inWidth) continue;
            const xAt = ((n * g.inHeight + h) * g.inWidth + w) * g.inChannels;
            const yAt = ((n * g.outHeight + oh) * g.outWidth + ow) * g.outChannels;
            const wAt = (i * g.filterWidth + j) * g.inChannels * g.outChannels;
            for (let c = 0; c < g.inChannels; c++)
              for (let o = 0; o < g.outChannels; o++) body(xAt + c, wAt + c * g.outChannels + o, yAt + o);
          }
}

/** Forward convolution in float64. */
export function convForward64(g: Info, x: Values, filter: Values): Float64Array {
  const y = new Float64Array(g.outShape.reduce((a, b) => a * b, 1));
  visit(g, (xi, wi, yi) => (y[yi]! += x.values[xi]! * filter.values[wi]!));
  return y;
}

/** Input gradient in float64. */
export function convInput64(g: Info, dy: Values, filter: Values): Float64Array {
  const dx = new Float64Array(g.inShape.reduce((a, b) => a * b, 1));
  visit(g, (xi, wi, yi) => (dx[xi]! += dy.values[yi]! * filter.values[wi]!));
  return dx;
}

/** Filter gradient in float64. */
export function convFilter64(g: Info, x: Values, dy: Values): Float64Array {
  const dw = new Float64Array(g.filterHeight * g.filterWidth * g.inChannels * g.outChannels);
  visit(g, (xi, wi, yi) => (dw[wi]! += x.values[xi]! * dy.values[yi]!));
  return dw;
}

/** A product of two matrices in float64. */
export function matmul64(a: Values, b: Values, transposeA: boolean, transposeB: boolean): Float64Array {
  const [ra, ca] = a.shape.slice(-2) as [number, number];
  const [rb, cb] = b.shape.slice(-2) as [number, number];
  const [m, k, n] = [transposeA ? ca : ra, transposeA ? ra : ca, transposeB ? rb : cb];
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a.values[transposeA ? l * ca + i : i * ca + l]! * b.values[transposeB ? j * cb + l : l * cb + j]!;
      out[i * n + j] = sum;
    }
  return out;
}
