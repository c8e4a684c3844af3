import type { TensorInfo } from '@tensorflow/tfjs-core';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/** Identity: the stock kernel copies the data; tensors do not change, so that a second reference to them is enough, as on the cpu backend. */
export function identityKernel(runtime: Runtime): KernelTable {
  return {
    Identity(inputs): TensorInfo {
      const x = input(inputs, 'x');
      if (x.dtype === 'string') return runtime.run('Identity', inputs);
      runtime.backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  };
}
