import { util } from '@tensorflow/tfjs-core';
import { shareData } from './identity-kernel.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/**
 * Cast. To the dtype that a tensor has (tfjs casts in the gradient of ReLU, for one) the stock kernel copies the data, here it is shared. To bool the stock
 * kernel cuts numbers to eight bits, so that 0.5 and 256 become false. Everything else goes to it.
 */
export function castKernel(runtime: Runtime): KernelTable {
  return {
    Cast(inputs, attrs) {
      const x = input(inputs, 'x');
      if (x.dtype === attrs['dtype'] && x.dtype !== 'string') return shareData(runtime, x);
      if (attrs['dtype'] !== 'bool' || (x.dtype !== 'float32' && x.dtype !== 'int32')) return runtime.runStock('Cast', inputs, attrs);
      const size = util.sizeFromShape(x.shape);
      return produce(runtime, x.shape, 'bool', (offset) => {
        const { buffer } = runtime.backend.wasm.HEAPU8;
        const from = runtime.offset(x);
        const values = x.dtype === 'float32' ? new Float32Array(buffer, from, size) : new Int32Array(buffer, from, size);
        const out = new Uint8Array(buffer, offset, size);
        for (let i = 0; i < size; i++) out[i] = values[i] === 0 ? 0 : 1;
      });
    },
  };
}
