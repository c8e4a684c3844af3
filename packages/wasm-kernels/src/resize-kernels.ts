import { util } from '@tensorflow/tfjs-core';
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

/** ResizeNearestNeighborGrad (of upSampling2d, for example): the stock kernel adds to an output that it does not clear. */
export function resizeKernels(runtime: Runtime): KernelTable {
  return {
    ResizeNearestNeighborGrad(inputs, attrs) {
      const images = input(inputs, 'images');
      const dy = input(inputs, 'dy');
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
