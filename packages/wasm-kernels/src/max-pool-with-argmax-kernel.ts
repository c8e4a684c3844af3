import { util } from '@tensorflow/tfjs-core';
import { requireFloat32 } from './check-operands.ts';
import { poolingInfo } from './convolution-geometry.ts';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/**
 * MaxPoolWithArgmax in plain JavaScript: the stock kernel starts its maxima from the smallest positive number, so that a window without a positive
 * value has the wrong maximum and position 0. The position is that of the first largest value, or -1 in a window of NaN or −∞ alone.
 */
export function maxPoolWithArgmaxKernel(runtime: Runtime): KernelTable {
  return {
    MaxPoolWithArgmax(inputs, attrs) {
      const x = input(inputs, 'x');
      requireFloat32('MaxPoolWithArgmax', 'x', x);
      const g = poolingInfo({ kernelName: 'MaxPoolWithArgmax', attrs }, x.shape);
      const values = runtime.output(g.outShape, 'float32');
      let positions;
      try {
        positions = runtime.output(g.outShape, 'int32');
      } catch (error) {
        runtime.release(values);
        throw error;
      }
      const { buffer } = runtime.backend.wasm.HEAPU8;
      const size = util.sizeFromShape(g.outShape);
      const from = new Float32Array(buffer, runtime.offset(x), util.sizeFromShape(x.shape));
      const [y, where] = [new Float32Array(buffer, runtime.offset(values), size), new Int32Array(buffer, runtime.offset(positions), size)];
      const image = g.inHeight * g.inWidth * g.inChannels;
      let output = 0;
      for (let n = 0; n < g.batchSize; n++)
        for (let oh = 0; oh < g.outHeight; oh++)
          for (let ow = 0; ow < g.outWidth; ow++)
            for (let c = 0; c < g.inChannels; c++) {
              const [top, left] = [oh * g.strideHeight - g.padInfo.top, ow * g.strideWidth - g.padInfo.left];
              let [best, position] = [-Infinity, -1];
              for (let h = Math.max(top, 0); h < Math.min(top + g.filterHeight, g.inHeight); h++)
                for (let w = Math.max(left, 0); w < Math.min(left + g.filterWidth, g.inWidth); w++) {
                  const at = (h * g.inWidth + w) * g.inChannels + c;
                  const value = from[n * image + at]!;
                  if (value > best) [best, position] = [value, attrs['includeBatchInIndex'] === true ? n * image + at : at];
                }
              y[output] = best;
              where[output++] = position;
            }
      return [values, positions];
    },
  };
}
