import { backend_util, util } from '@tensorflow/tfjs-core';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** Sum: an empty tensor sums to 0; every other one goes to the stock kernel. */
export function sumKernel(runtime: Runtime): KernelTable {
  return {
    Sum(inputs, attrs) {
      const x = input(inputs, 'x');
      if (util.sizeFromShape(x.shape) > 0) return runtime.run('Sum', inputs, attrs);
      const axes = util.parseAxisParam(attrs['axis'] as number | number[], x.shape);
      const [reduced] = backend_util.computeOutAndReduceShapes(x.shape, axes);
      const shape = attrs['keepDims'] === true ? backend_util.expandShapeToKeepDim(reduced, axes) : reduced;
      return produce(runtime, shape, x.dtype, (out) => {
        runtime.kernels.fillZero(out, util.sizeFromShape(shape) * util.bytesPerElement(x.dtype));
      });
    },
  };
}
