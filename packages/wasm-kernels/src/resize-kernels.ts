import { type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloat32, requireRank } from './check-operands.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

interface Rule {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** The source row (or column) that each row of the resized image was taken from, as tfjs's resizeNearestNeighbor takes it. */
function sources(from: number, to: number, { alignCorners, halfPixelCenters }: Rule): number[] {
  const aligned = alignCorners && to > 1 ? 1 : 0;
  const scale = (from - aligned) / (to - aligned);
  return Array.from({ length: to }, (_, i) => {
    const place = scale * (halfPixelCenters ? i + 0.5 : i);
    return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(place) : Math.floor(place)));
  });
}

/** The two source rows (or columns) between which each row of the resized image lies, and the weight of the second. */
interface Mixture {
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

/** As tfjs's resizeBilinear mixes them with half-pixel centers. */
function mixtures(from: number, to: number): Mixture[] {
  return Array.from({ length: to }, (_, i) => {
    const place = (from / to) * (i + 0.5) - 0.5;
    const low = Math.max(0, Math.floor(place));
    return { low, high: Math.min(from - 1, Math.ceil(place)), weight: place - low };
  });
}

/** Adds the four shares of each value of `dy` to `dx`. */
function scatterBilinear(
  [dx, dy]: readonly [Float32Array, Float32Array],
  [batch, height, width, channels]: readonly [number, number, number, number],
  [rows, columns]: readonly [Mixture[], Mixture[]],
): void {
  let from = 0;
  for (let n = 0; n < batch; n++)
    for (const row of rows)
      for (const column of columns) {
        const pixel = (h: number, w: number): number => ((n * height + h) * width + w) * channels;
        const shares = [
          [pixel(row.low, column.low), (1 - row.weight) * (1 - column.weight)],
          [pixel(row.low, column.high), (1 - row.weight) * column.weight],
          [pixel(row.high, column.low), row.weight * (1 - column.weight)],
          [pixel(row.high, column.high), row.weight * column.weight],
        ] as const;
        for (let c = 0; c < channels; c++, from++) for (const [to, share] of shares) dx[to + c]! += share * dy[from]!;
      }
}

/**
 * ResizeNearestNeighborGrad (of upSampling2d, for example): the stock kernel adds to an output that it does not clear.
 * ResizeBilinearGrad: the stock kernel forgets `halfPixelCenters`; without it the call goes there.
 */
export function resizeKernels(runtime: Runtime): KernelTable {
  const operandsOf = (kernelName: string, inputs: NamedTensorInfoMap): { images: TensorInfo; dy: TensorInfo } => {
    const [images, dy] = [input(inputs, 'images'), input(inputs, 'dy')];
    requireRank(kernelName, 4, { images: images.shape, dy: dy.shape });
    requireFloat32(kernelName, 'dy', dy, [images.shape[0]!, dy.shape[1]!, dy.shape[2]!, images.shape[3]!]);
    return { images, dy };
  };
  return {
    ResizeBilinearGrad(inputs, attrs) {
      const { images, dy } = operandsOf('ResizeBilinearGrad', inputs);
      if (attrs['halfPixelCenters'] !== true) return runtime.runStock('ResizeBilinearGrad', inputs, attrs);
      const shape = images.shape as [number, number, number, number];
      return produce(runtime, shape, 'float32', (offset) => {
        const { buffer } = runtime.backend.wasm.HEAPU8;
        const dx = new Float32Array(buffer, offset, util.sizeFromShape(shape)).fill(0);
        const from = new Float32Array(buffer, runtime.offset(dy), util.sizeFromShape(dy.shape));
        scatterBilinear([dx, from], shape, [mixtures(shape[1], dy.shape[1]!), mixtures(shape[2], dy.shape[2]!)]);
      });
    },
    ResizeNearestNeighborGrad(inputs, attrs) {
      const { images, dy } = operandsOf('ResizeNearestNeighborGrad', inputs);
      const [batch, height, width, channels] = images.shape as [number, number, number, number];
      const [, newHeight, newWidth] = dy.shape as [number, number, number, number];
      const rule = { alignCorners: attrs['alignCorners'] === true, halfPixelCenters: attrs['halfPixelCenters'] === true };
      const rows = sources(height, newHeight, rule);
      const columns = sources(width, newWidth, rule);
      return produce(runtime, images.shape, 'float32', (dx) => {
        const count = batch * newHeight * newWidth;
        if (util.sizeFromShape(dy.shape) === 0) {
          runtime.kernels.fillZero(dx, util.sizeFromShape(images.shape) * 4);
          return;
        }
        const segments = batch * height * width;
        const bytes = Math.ceil(count / 4) * 16;
        const at = runtime.scratch(bytes + (runtime.kernels.segmentSumScratch(count, channels, segments) >>> 0));
        const ids = new Int32Array(runtime.backend.wasm.HEAPU8.buffer, at, count);
        let i = 0;
        for (let n = 0; n < batch; n++) {
          for (const row of rows) for (const column of columns) ids[i++] = (n * height + row) * width + column;
        }
        runtime.kernels.segmentSum(runtime.offset(dy), at, dx, count, channels, segments, at + bytes);
      });
    },
  };
}
