import { backend_util } from '@tensorflow/tfjs-core';
import type { Values } from './wasm-under-test.ts';

type Info = backend_util.Conv2DInfo;

/** A depthwise convolution's geometry from shapes and attributes. */
export function depthwiseInfo(
  x: readonly number[],
  filter: readonly number[],
  attrs: { strides: number[]; dilations: number[]; pad: unknown; dimRoundingMode?: string | undefined },
): Info {
  return backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides as [number, number],
    attrs.dilations as [number, number],
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor' | undefined,
    true,
  );
}

/** Visits every product of the depthwise convolution: indices into x, filter and y. */
function visit(g: Info, body: (x: number, w: number, y: number) => void): void {
  const multiplier = g.outChannels / g.inChannels;
  for (let n = 0; n < g.batchSize; n++)
    for (let oh = 0; oh < g.outHeight; oh++)
      for (let ow = 0; ow < g.outWidth; ow++)
        for (let i = 0; i < g.filterHeight; i++)
          for (let j = 0; j < g.filterWidth; j++) {
            const h = oh * g.strideHeight - g.padInfo.top + i * g.dilationHeight;
            const w = ow * g.strideWidth - g.padInfo.left + j * g.dilationWidth;
            if (h < 0 || w < 0 || h >= g.inHeight || w >= g.inWidth) continue;
            const xAt = ((n * g.inHeight + h) * g.inWidth + w) * g.inChannels;
            const wAt = (i * g.filterWidth + j) * g.outChannels;
            const yAt = ((n * g.outHeight + oh) * g.outWidth + ow) * g.outChannels;
            for (let c = 0; c < g.outChannels; c++) body(xAt + Math.floor(c / multiplier), wAt + c, yAt + c);
          }
}

const sized = (shape: readonly number[]): Float64Array => new Float64Array(shape.reduce((a, b) => a * b, 1));

/** The depthwise convolution in float64. */
export function depthwiseForward64(g: Info, x: Values, filter: Values): Float64Array {
  const y = sized(g.outShape);
  visit(g, (xi, wi, yi) => (y[yi]! += x.values[xi]! * filter.values[wi]!));
  return y;
}

/** Its input gradient in float64. */
export function depthwiseInput64(g: Info, dy: Values, filter: Values): Float64Array {
  const dx = sized(g.inShape);
  visit(g, (xi, wi, yi) => (dx[xi]! += dy.values[yi]! * filter.values[wi]!));
  return dx;
}

/** Its filter gradient in float64. */
export function depthwiseFilter64(g: Info, x: Values, dy: Values): Float64Array {
  const dw = sized([g.filterHeight, g.filterWidth, g.outChannels]);
  visit(g, (xi, wi, yi) => (dw[wi]! += x.values[xi]! * dy.values[yi]!));
  return dw;
}
