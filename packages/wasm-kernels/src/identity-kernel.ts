import type { TensorInfo } from '@tensorflow/tfjs-core';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/** A second reference to the data of a tensor: tensors do not change, so that nothing needs to be copied. */
export function shareData({ backend }: Runtime, x: TensorInfo): TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}

/** Identity: the stock kernel copies the data, here it is shared, as on the cpu backend. */
export function identityKernel(runtime: Runtime): KernelTable {
  return {
    Identity(inputs) {
      const x = input(inputs, 'x');
      return x.dtype === 'string' ? runtime.runStock('Identity', inputs) : shareData(runtime, x);
    },
  };
}
