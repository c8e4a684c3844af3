import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/**
 * Identity and Transpose: the stock kernels copy the data even where nothing moves; tensors do not change, so that a second reference to them is
 * enough, as on the cpu backend. The gradient of gather along the first axis transposes the whole table that way, twice.
 */
export function identityKernel(runtime: Runtime): KernelTable {
  const share = (x: TensorInfo, shape: number[]): TensorInfo => {
    runtime.backend.incRef(x.dataId);
    return { dataId: x.dataId, shape, dtype: x.dtype };
  };
  return {
    Identity(inputs): TensorInfo {
      const x = input(inputs, 'x');
      return x.dtype === 'string' ? runtime.run('Identity', inputs) : share(x, x.shape);
    },
    Transpose(inputs, attrs): TensorInfo {
      const x = input(inputs, 'x');
      const perm = attrs['perm'] as number[];
      const moving = perm.filter((axis) => x.shape[axis] !== 1);
      const inOrder = moving.every((axis, i) => i === 0 || axis > moving[i - 1]!);
      if (x.dtype === 'string' || !(inOrder || util.sizeFromShape(x.shape) === 0)) return runtime.run('Transpose', inputs, attrs);
      return share(
        x,
        perm.map((axis) => x.shape[axis]!),
      );
    },
  };
}
