import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { refuse } from './check-operands.ts';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/**
 * Transpose: where only axes of size 1 move, the stock kernel copies the data; a second reference to them is enough. The gradient of gather along
 * the first axis transposes a whole table that way. Every other case goes to the stock kernel.
 */
export function transposeKernel(runtime: Runtime): KernelTable {
  return {
    Transpose(inputs, attrs): TensorInfo {
      const x = input(inputs, 'x');
      const perm = attrs['perm'] as number[];
      const isPermutation = perm.length === x.shape.length && x.shape.every((_, axis) => perm.includes(axis));
      if (!isPermutation) refuse('Transpose', 'perm', `name each of the ${x.shape.length} axes of \`x\` once`, `[${perm.join(', ')}]`);
      const moving = perm.filter((axis) => x.shape[axis] !== 1);
      const inOrder = moving.every((axis, i) => i === 0 || axis > moving[i - 1]!);
      if (x.dtype === 'string' || !(inOrder || util.sizeFromShape(x.shape) === 0)) return runtime.runStock('Transpose', inputs, attrs);
      runtime.backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: perm.map((axis) => x.shape[axis]!), dtype: x.dtype };
    },
  };
}
