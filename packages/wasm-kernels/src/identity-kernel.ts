import type { TensorInfo } from '@tensorflow/tfjs-core';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/**
 * Identity, and Cast to the dtype that a tensor has (tfjs casts in the gradient of ReLU, for one): the stock kernels copy the data; tensors do not
 * change, so that a second reference to them is enough, as on the cpu backend.
 */
export function identityKernel(runtime: Runtime): KernelTable {
  const shared = (x: TensorInfo): TensorInfo => {
    runtime.backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  };
  return {
    Identity(inputs) {
      const x = input(inputs, 'x');
      return x.dtype === 'string' ? runtime.run('Identity', inputs) : shared(x);
    },
    Cast(inputs, attrs) {
      const x = input(inputs, 'x');
      return x.dtype === attrs['dtype'] && x.dtype !== 'string' ? shared(x) : runtime.run('Cast', inputs, attrs);
    },
  };
}
