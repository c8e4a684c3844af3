import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { refuse } from './check-operands.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

const BYTES = 4;

/** An axis of the result, or neighboring ones that lie side by side in `x` too: its size, and the step in `x` from one to the next, in rows. */
interface Axis {
  size: number;
  step: number;
}

/** The result's axes before the ones that stay last, joined where they can be; `columns` numbers stay together. */
function axesOf(shape: readonly number[], perm: readonly number[]): { axes: Axis[]; columns: number } {
  let kept = shape.length; // axes from here on stay where they are
  while (kept > 0 && perm[kept - 1] === kept - 1) kept--;
  const axes: Axis[] = [];
  for (const axis of perm.slice(0, kept)) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const step = util.sizeFromShape(shape.slice(axis + 1, kept));
    const last = axes.at(-1);
    if (last?.step === step * size) Object.assign(last, { size: last.size * size, step });
    else axes.push({ size, step });
  }
  return { axes, columns: util.sizeFromShape(shape.slice(kept)) };
}

/**
 * Transpose: where only axes of size 1 move, the stock kernel copies the data; a second reference to them is enough. The gradient of gather along
 * the first axis transposes a whole table that way. Where the last axis stays and its rows change their order, as attention's heads do, threads share the
 * copy. Every other case goes to the stock kernel.
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
      const unmoved = inOrder || util.sizeFromShape(x.shape) === 0;
      if (!unmoved && (x.dtype === 'float32' || x.dtype === 'int32')) {
        const { axes, columns } = axesOf(x.shape, perm);
        if (axes.length <= 3 && columns % 4 === 0) {
          const [i, j, k] = [...Array.from({ length: 3 - axes.length }, () => ({ size: 1, step: 0 })), ...axes] as [Axis, Axis, Axis];
          return produce(
            runtime,
            perm.map((axis) => x.shape[axis]!),
            x.dtype,
            (y) => {
              runtime.kernels.permuteRows(runtime.offset(x), y, i.size, j.size, k.size, i.step, j.step, k.step, columns * BYTES);
            },
          );
        }
      }
      if (x.dtype === 'string' || !unmoved) return runtime.runStock('Transpose', inputs, attrs);
      runtime.backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: perm.map((axis) => x.shape[axis]!), dtype: x.dtype };
    },
  };
}
