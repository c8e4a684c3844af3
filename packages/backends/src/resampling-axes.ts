import { backend_util, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';

/** What one output along an axis is made of: the places on the input's axis, and their weights. */
export type Mixture = readonly (readonly [at: number, weight: number])[];

/** One axis of a map from images to images. */
export interface Axis {
  /** The length of the input's axis. */
  readonly size: number;
  /** One for each place on the output's axis. */
  readonly outputs: readonly Mixture[];
}

/** An average over each window: of the places that lie in the image. */
function windowAxis(size: number, count: number, { window, stride, pad }: { window: number; stride: number; pad: number }): Axis {
  const outputs = Array.from({ length: count }, (_, output): Mixture => {
    const first = Math.max(output * stride - pad, 0);
    const last = Math.min(output * stride - pad + window, size) - 1;
    return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => [first + i, 1 / (last - first + 1)] as const);
  });
  return { size, outputs };
}

interface Rule {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

function nearestAxis(size: number, count: number, { alignCorners, halfPixelCenters }: Rule): Axis {
  const aligned = alignCorners && count > 1 ? 1 : 0;
  const scale = (size - aligned) / (count - aligned);
  const outputs = Array.from({ length: count }, (_, i): Mixture => {
    const place = scale * (halfPixelCenters ? i + 0.5 : i);
    return [[Math.max(0, Math.min(size - 1, alignCorners ? Math.round(place) : Math.floor(place))), 1]];
  });
  return { size, outputs };
}

function bilinearAxis(size: number, count: number, { alignCorners, halfPixelCenters }: Rule): Axis {
  const aligned = alignCorners && count > 1 ? 1 : 0;
  const scale = (size - aligned) / (count - aligned);
  const outputs = Array.from({ length: count }, (_, i): Mixture => {
    const place = halfPixelCenters ? scale * (i + 0.5) - 0.5 : scale * i;
    const low = Math.max(0, Math.floor(place));
    return [
      [low, 1 - (place - low)],
      [Math.min(size - 1, Math.ceil(place)), place - low],
    ];
  });
  return { size, outputs };
}

type Pooling = Pick<Parameters<typeof backend_util.computePool3DInfo>, 1 | 2 | 4>;
/** The attributes of a kernel. */
export type Attrs = NonNullable<Parameters<KernelConfig['kernelFunc']>[0]['attrs']>;

/** Average pooling: which places of the input each output is the mean of, along each spatial axis. */
function averageAxes(input: TensorInfo, dy: TensorInfo, attrs: Attrs): Axis[] {
  const [filterSize, strides, pad] = [attrs['filterSize'], attrs['strides'], attrs['pad']] as unknown as Pooling[1 | 2 | 4][];
  if (input.shape.length === 4) {
    const g = backend_util.computePool2DInfo(
      input.shape as [number, number, number, number],
      filterSize as 1,
      strides as 1,
      1,
      pad as 'same',
      'floor',
    );
    const { top, left } = g.padInfo;
    return [
      windowAxis(g.inHeight, dy.shape[1]!, { window: g.filterHeight, stride: g.strideHeight, pad: top }),
      windowAxis(g.inWidth, dy.shape[2]!, { window: g.filterWidth, stride: g.strideWidth, pad: left }),
    ];
  }
  const shape = input.shape as [number, number, number, number, number];
  const g = backend_util.computePool3DInfo(shape, filterSize as 1, strides as 1, 1, pad as 'same', 'floor', 'NDHWC');
  return [
    windowAxis(g.inDepth, dy.shape[1]!, { window: g.filterDepth, stride: g.strideDepth, pad: g.padInfo.front }),
    windowAxis(g.inHeight, dy.shape[2]!, { window: g.filterHeight, stride: g.strideHeight, pad: g.padInfo.top }),
    windowAxis(g.inWidth, dy.shape[3]!, { window: g.filterWidth, stride: g.strideWidth, pad: g.padInfo.left }),
  ];
}

const resizeAxes =
  (axis: typeof nearestAxis) =>
  (images: TensorInfo, dy: TensorInfo, attrs: Attrs): Axis[] => {
    const rule = { alignCorners: attrs['alignCorners'] === true, halfPixelCenters: attrs['halfPixelCenters'] === true };
    return [1, 2].map((d) => axis(images.shape[d]!, dy.shape[d]!, rule));
  };

/** Gradients of pooling and resizing that tfjs gets wrong on some backends: the kernel, the name of its image, and the map that it transposes. */
export const RESAMPLING_GRADIENTS: readonly (readonly [kernelName: string, image: string, axes: typeof averageAxes])[] = [
  ['AvgPoolGrad', 'input', averageAxes],
  ['AvgPool3DGrad', 'input', averageAxes],
  ['ResizeNearestNeighborGrad', 'images', resizeAxes(nearestAxis)],
  ['ResizeBilinearGrad', 'images', resizeAxes(bilinearAxis)],
];
