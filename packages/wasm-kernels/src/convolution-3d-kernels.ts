import { type NamedAttrMap, type TensorInfo, backend_util, util } from '@tensorflow/tfjs-core';
import { requireFloat32, requireRank, requireSame, requireSizes } from './check-operands.ts';
import type { WindowCall } from './convolution-geometry.ts';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

const BYTES = 4;

type Shape5 = [number, number, number, number, number];
type Geometry = backend_util.Conv3DInfo;

type Triple = [number, number, number];

/** What a 3-D convolution is, with a check that `dy` is what it makes of its image. */
function geometryOf(
  { kernelName, attrs }: WindowCall,
  dy: TensorInfo,
  { xShape, filterShape }: { xShape: readonly number[]; filterShape: readonly number[] },
): Geometry {
  requireRank(kernelName, 5, { x: xShape, filter: filterShape, dy: dy.shape });
  requireSame(kernelName, 'the fourth size of `filter`, the channels of the image,', xShape[4]!, filterShape[3]!);
  const strides = attrs['strides'] as number | Triple;
  const dilations = (attrs['dilations'] as number | Triple | undefined) ?? 1;
  const g = backend_util.computeConv3DInfo(xShape as Shape5, filterShape as Shape5, strides, dilations, attrs['pad'] as 'valid');
  requireSizes(kernelName, 'the output', g.outShape);
  requireFloat32(kernelName, 'dy', dy, g.outShape);
  return g;
}

/** The 2-D convolution that all slices along the depth share: as many images as dy has slices. */
function sliceAttrs(g: Geometry, extra: NamedAttrMap): NamedAttrMap {
  const { top, bottom, left, right } = g.padInfo;
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const strides = [g.strideHeight, g.strideWidth];
  const dilations = [g.dilationHeight, g.dilationWidth];
  return { strides, pad: pad, dimRoundingMode: 'floor', dilations, dataFormat: 'NHWC', ...extra };
}

/** The slices of dy, of each image, that meet a slice of x at this tap along the depth: the first one, how many, and the slice of x that the first meets. */
function meeting(g: Geometry, tap: number): { readonly dySlice: number; readonly count: number; readonly xSlice: number } {
  const shift = tap * g.dilationDepth - g.padInfo.front;
  const dySlice = Math.max(0, Math.ceil(-shift / g.strideDepth));
  const end = Math.min(g.outDepth, Math.ceil((g.inDepth - shift) / g.strideDepth));
  return { dySlice, count: Math.max(0, end - dySlice), xSlice: dySlice * g.strideDepth + shift };
}

const slicesOf = (dy: TensorInfo, g: Geometry): TensorInfo => ({
  dataId: dy.dataId,
  dtype: dy.dtype,
  shape: [g.batchSize * g.outDepth, g.outHeight, g.outWidth, g.outChannels],
});

const xSlices = (g: Geometry): [number, number, number, number] => [g.batchSize * g.outDepth, g.inHeight, g.inWidth, g.inChannels];

/** For each tap along the depth the input gradient of all slices, added to the slices that this tap comes from. */
function inputGradient(runtime: Runtime, conv2dInput: Kernel, [dy, filter]: readonly [TensorInfo, TensorInfo], g: Geometry): TensorInfo {
  const { kernels } = runtime;
  const slice = g.inHeight * g.inWidth * g.inChannels;
  const bytes = slice * BYTES;
  const attrs = sliceAttrs(g, { inputShape: xSlices(g) });
  const size = [1, ...filter.shape.slice(1)];
  return produce(runtime, g.inShape, 'float32', (dx) => {
    kernels.fillZero(dx, util.sizeFromShape(g.inShape) * BYTES);
    for (let tap = 0; tap < g.filterDepth; tap++) {
      const part = runtime.run('Slice', { x: filter }, { begin: [tap, 0, 0, 0, 0], size });
      let gradient: TensorInfo | undefined;
      try {
        gradient = conv2dInput({ dy: slicesOf(dy, g), filter: { ...part, shape: size.slice(1) } }, attrs) as TensorInfo;
        const from = runtime.offset(gradient);
        const { dySlice, count, xSlice } = meeting(g, tap);
        const [inImage, outImage, step] = [g.inDepth * bytes, g.outDepth * bytes, g.strideDepth * bytes];
        kernels.addTo(dx + xSlice * bytes, from + dySlice * bytes, slice, count, step, bytes, g.batchSize, inImage, outImage);
      } finally {
        runtime.release(part);
        if (gradient !== undefined) runtime.release(gradient);
      }
    }
  });
}

/** For each tap along the depth the filter gradient from the slices of x that it meets, zeros outside, and all slices of dy. */
function filterGradient(runtime: Runtime, conv2dFilter: Kernel, [x, dy]: readonly [TensorInfo, TensorInfo], g: Geometry): TensorInfo {
  const { kernels } = runtime;
  const slice = g.inHeight * g.inWidth * g.inChannels;
  const bytes = slice * BYTES;
  const size = g.filterHeight * g.filterWidth * g.inChannels * g.outChannels;
  const attrs = sliceAttrs(g, { filterShape: [g.filterHeight, g.filterWidth, g.inChannels, g.outChannels] });
  const met = runtime.output(xSlices(g), 'float32');
  try {
    return produce(runtime, g.filterShape, 'float32', (dw) => {
      kernels.fillZero(dw, g.filterDepth * size * BYTES);
      for (let tap = 0; tap < g.filterDepth; tap++) {
        kernels.fillZero(runtime.offset(met), util.sizeFromShape(met.shape) * BYTES);
        const { dySlice, count, xSlice } = meeting(g, tap);
        const [to, from] = [runtime.offset(met) + dySlice * bytes, runtime.offset(x) + xSlice * bytes];
        const [inImage, outImage, step] = [g.inDepth * bytes, g.outDepth * bytes, g.strideDepth * bytes];
        kernels.addTo(to, from, slice, count, bytes, step, g.batchSize, outImage, inImage);
        const gradient = conv2dFilter({ x: met, dy: slicesOf(dy, g) }, attrs) as TensorInfo;
        kernels.addTo(dw + tap * size * BYTES, runtime.offset(gradient), size, 1, 0, 0, 1, 0, 0);
        runtime.release(gradient);
      }
    });
  } finally {
    runtime.release(met);
  }
}

/** Both gradients of the 3-D convolution, which the stock backend computes wrongly, from those of the 2-D convolution (`convolution`). */
export function convolution3dKernels(runtime: Runtime, convolution: KernelTable): KernelTable {
  return {
    Conv3DBackpropInputV2(inputs, attrs) {
      const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
      const call = { kernelName: 'Conv3DBackpropInputV2', attrs };
      const g = geometryOf(call, dy, { xShape: attrs['inputShape'] as number[], filterShape: filter.shape });
      return inputGradient(runtime, convolution['Conv2DBackpropInput']!, [dy, filter], g);
    },
    Conv3DBackpropFilterV2(inputs, attrs) {
      const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
      const call = { kernelName: 'Conv3DBackpropFilterV2', attrs };
      const g = geometryOf(call, dy, { xShape: x.shape, filterShape: attrs['filterShape'] as number[] });
      return filterGradient(runtime, convolution['Conv2DBackpropFilter']!, [x, dy], g);
    },
  };
}
