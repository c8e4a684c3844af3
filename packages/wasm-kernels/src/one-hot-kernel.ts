import { type DataType, util } from '@tensorflow/tfjs-core';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** OneHot: the stock kernel writes integers whatever the dtype, so that `tf.oneHot(…, 'float32')` reads as zeros. */
export function oneHotKernel(runtime: Runtime): KernelTable {
  return {
    OneHot(inputs, attrs) {
      const indices = input(inputs, 'indices');
      const {
        dtype = 'int32',
        depth,
        onValue = 1,
        offValue = 0,
      } = attrs as { dtype?: DataType; depth: number; onValue?: number; offValue?: number };
      if (dtype !== 'float32') return runtime.runStock('OneHot', inputs, attrs);
      const classes = runtime.backend.readSync(indices.dataId);
      return produce(runtime, [...indices.shape, depth], dtype, (offset) => {
        const out = new Float32Array(runtime.backend.wasm.HEAPU8.buffer, offset, util.sizeFromShape(indices.shape) * depth).fill(offValue);
        for (let row = 0; row < classes.length; row++) {
          const column = classes[row]!;
          if (column >= 0 && column < depth) out[row * depth + column] = onValue;
        }
      });
    },
  };
}
