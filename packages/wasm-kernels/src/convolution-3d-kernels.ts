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

/** Visits the slices of dy: the place of each, and the place of the slice of x that this tap meets there. */
function eachSlice(g: Geometry, tap: number, body: (dySlice: number, xSlice: number) => void): void {
  for (let i = 0; i < g.batchSize * g.outDepth; i++) {
    const depth = (i % g.outDepth) * g.strideDepth - g.padInfo.front + tap * g.dilationDepth;
    if (depth >= 0 && depth < g.inDepth) body(i, Math.floor(i / g.outDepth) * g.inDepth + depth);
  }
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
        eachSlice(g, tap, (dySlice, xSlice) => {
          kernels.addTo(dx + xSlice * slice * BYTES, from + dySlice * slice * BYTES, slice);
        });
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
  const size = g.filterHeight * g.filterWidth * g.inChannels * g.outChannels;
  const attrs = sliceAttrs(g, { filterShape: [g.filterHeight, g.filterWidth, g.inChannels, g.outChannels] });
  const met = runtime.output(xSlices(g), 'float32');
  try {
    return produce(runtime, g.filterShape, 'float32', (dw) => {
      kernels.fillZero(dw, g.filterDepth * size * BYTES);
      for (let tap = 0; tap < g.filterDepth; tap++) {
        kernels.fillZero(runtime.offset(met), util.sizeFromShape(met.shape) * BYTES);
        eachSlice(g, tap, (dySlice, xSlice) => {
          kernels.addTo(runtime.offset(met) + dySlice * slice * BYTES, runtime.offset(x) + xSlice * slice * BYTES, slice);
        });
        const gradient = conv2dFilter({ x: met, dy: slicesOf(dy, g) }, attrs) as TensorInfo;
        kernels.addTo(dw + tap * size * BYTES, runtime.offset(gradient), size);
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
