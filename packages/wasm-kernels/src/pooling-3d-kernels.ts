import { type NamedAttrMap, type TensorInfo, backend_util, util } from '@tensorflow/tfjs-core';
import { refuse, requireFloat32, requireRank, requireSizes } from './check-operands.ts';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

type Geometry = backend_util.Conv3DInfo;
type Shape5 = [number, number, number, number, number];
type Triple = [number, number, number];

function geometryOf(kernelName: string, x: TensorInfo, attrs: NamedAttrMap): Geometry {
  requireRank(kernelName, 5, { x: x.shape });
  const [filterSize, strides] = [attrs['filterSize'] as number | Triple, attrs['strides'] as number | Triple];
  const rounding = attrs['dimRoundingMode'] as 'floor' | undefined;
  const g = backend_util.computePool3DInfo(x.shape as Shape5, filterSize, strides, 1, attrs['pad'] as 'valid', rounding, 'NDHWC');
  requireSizes(kernelName, 'the output', g.outShape);
  return g;
}

/** The geometry of a gradient; `dy` must be what the window makes of `x`. */
function gradientGeometry(kernelName: string, [x, dy]: readonly [TensorInfo, TensorInfo], attrs: NamedAttrMap): Geometry {
  requireFloat32(kernelName, 'dy', dy);
  const roundings = [attrs['dimRoundingMode'], 'floor', 'ceil'];
  const geometries = roundings.map((dimRoundingMode) => geometryOf(kernelName, x, { ...attrs, dimRoundingMode } as NamedAttrMap));
  const g = geometries.find(({ outShape }) => util.arraysEqual(outShape, dy.shape));
  const expected = geometries[0]!.outShape.join(', ');
  return g ?? refuse(kernelName, 'dy', `be [${expected}] (what this window makes of the image)`, `[${dy.shape.join(', ')}]`);
}

/** The maximum over each window of a slice only, or over boxes (`deep`). */
function pool(runtime: Runtime, x: TensorInfo, g: Geometry, deep: boolean): TensorInfo {
  const depth = deep
    ? { out: g.outDepth, window: g.filterDepth, stride: g.strideDepth, pad: g.padInfo.front }
    : { out: g.inDepth, window: 1, stride: 1, pad: 0 };
  const shape = [g.batchSize, depth.out, g.outHeight, g.outWidth, g.outChannels];
  return produce(runtime, shape, 'float32', (y) => {
    runtime.kernels.maxPool3d(
      runtime.offset(x),
      y,
      g.batchSize,
      g.inDepth,
      g.inHeight,
      g.inWidth,
      g.inChannels,
      depth.out,
      g.outHeight,
      g.outWidth,
      depth.window,
      g.filterHeight,
      g.filterWidth,
      depth.stride,
      g.strideHeight,
      g.strideWidth,
      depth.pad,
      g.padInfo.top,
      g.padInfo.left,
    );
  });
}

/** A 2-D pooling with these pads. */
function windowAttrs(filterSize: [number, number], strides: [number, number], pads: [[number, number], [number, number]]): NamedAttrMap {
  return { filterSize, strides, pad: [[0, 0], ...pads, [0, 0]] as never, dimRoundingMode: 'floor' };
}

const shaped = ({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo => ({ dataId, dtype, shape });

/** A box is the windows of slices and then one along the depth: two 2-D gradients. `middle` is what lies between the two, for a maximum. */
function poolGradient(
  runtime: Runtime,
  gradient: Kernel,
  { x, dy, middle }: { x: TensorInfo; dy: TensorInfo; middle: TensorInfo },
  g: Geometry,
): TensorInfo {
  const { front, back, top, bottom, left, right } = g.padInfo;
  const across = [
    [top, bottom],
    [left, right],
  ] as [[number, number], [number, number]];
  const along = [
    [front, back],
    [0, 0],
  ] as [[number, number], [number, number]];
  const size = g.outHeight * g.outWidth * g.outChannels;
  const slices = g.batchSize * g.inDepth;
  const tall = { dy: shaped(dy, [g.batchSize, g.outDepth, 1, size]), input: shaped(middle, [g.batchSize, g.inDepth, 1, size]) };
  const dMiddle = gradient(tall, windowAttrs([g.filterDepth, 1], [g.strideDepth, 1], along)) as TensorInfo;
  try {
    const flat = {
      dy: shaped(dMiddle, [slices, g.outHeight, g.outWidth, g.outChannels]),
      input: shaped(x, [slices, g.inHeight, g.inWidth, g.inChannels]),
    };
    const dx = gradient(flat, windowAttrs([g.filterHeight, g.filterWidth], [g.strideHeight, g.strideWidth], across)) as TensorInfo;
    return shaped(dx, g.inShape);
  } finally {
    runtime.release(dMiddle);
  }
}

/**
 * MaxPool3D and MaxPool3DGrad, which the stock backend computes wrongly for windows without a positive value; the first largest value of a box,
 * depth first, takes its gradient. AvgPool3DGrad, which divides by the whole box at a padded edge, where the forward pass does not. `pooling` are the
 * 2-D kernels.
 */
export function pooling3dKernels(runtime: Runtime, pooling: KernelTable): KernelTable {
  return {
    MaxPool3D(inputs, attrs) {
      const x = input(inputs, 'x');
      requireFloat32('MaxPool3D', 'x', x);
      return pool(runtime, x, geometryOf('MaxPool3D', x, attrs), true);
    },
    MaxPool3DGrad(inputs, attrs) {
      const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
      requireFloat32('MaxPool3DGrad', 'input', x);
      const g = gradientGeometry('MaxPool3DGrad', [x, dy], attrs);
      const middle = pool(runtime, x, g, false);
      try {
        return poolGradient(runtime, pooling['MaxPoolGrad']!, { x, dy, middle }, g);
      } finally {
        runtime.release(middle);
      }
    },
    AvgPool3DGrad(inputs, attrs) {
      const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
      const g = gradientGeometry('AvgPool3DGrad', [x, dy], attrs);
      return poolGradient(runtime, pooling['AvgPoolGrad']!, { x, dy, middle: x }, g); // only its shape counts
    },
  };
}
