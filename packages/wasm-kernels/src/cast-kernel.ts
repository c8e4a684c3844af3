import { util } from '@tensorflow/tfjs-core';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** Cast: the stock kernel cuts numbers to eight bits on the way to bool, so that 0.5 and 256 become false; other dtypes go to it. */
export function castKernel(runtime: Runtime): KernelTable {
  return {
    Cast(inputs, attrs) {
      const x = input(inputs, 'x');
      if (attrs['dtype'] !== 'bool' || (x.dtype !== 'float32' && x.dtype !== 'int32')) return runtime.run('Cast', inputs, attrs);
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
