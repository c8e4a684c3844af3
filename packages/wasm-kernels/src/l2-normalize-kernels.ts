import { type NamedAttrMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { requireFloat32, requireSame } from './check-operands.ts';
import { SelfsupError } from './errors.ts';
import { input, produceAll, type KernelTable, type Runtime } from './runtime.ts';

const epsilonOf = (attrs: NamedAttrMap): number => (attrs['epsilon'] as number | undefined) ?? 1e-12;

function rowsOf(kernelName: string, x: TensorInfo): { rows: number; columns: number; leading: number[] } {
  const columns = x.shape.at(-1);
  if (columns === undefined || x.dtype !== 'float32') {
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: expected a float32 tensor [..., dim], got ${x.dtype} [${x.shape.join(', ')}]`);
  }
  const leading = x.shape.slice(0, -1);
  return { rows: util.sizeFromShape(leading), columns, leading };
}

/**
 * Rows divided by their norms.
 *
 * SelfsupL2Normalize: input `x [..., dim]`, attribute `epsilon` → `[y, norm]`, norm `[..., 1]`, y = x / max(norm, epsilon).
 * SelfsupL2NormalizeGrad: inputs `dy`, `y`, `norm`, attribute `epsilon` → dx, which is 0 for rows with a norm below epsilon.
 */
export function l2NormalizeKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupL2Normalize(inputs, attrs) {
      const x = input(inputs, 'x');
      const { rows, columns, leading } = rowsOf('SelfsupL2Normalize', x);
      return produceAll(runtime, [x.shape, [...leading, 1]], (y, norm) => {
        runtime.kernels.l2Normalize(runtime.offset(x), y, norm, rows, columns, epsilonOf(attrs));
      });
    },
    SelfsupL2NormalizeGrad(inputs, attrs) {
      const [dy, y, norm] = [input(inputs, 'dy'), input(inputs, 'y'), input(inputs, 'norm')];
      const { rows, columns } = rowsOf('SelfsupL2NormalizeGrad', y);
      requireFloat32('SelfsupL2NormalizeGrad', 'dy', dy, y.shape);
      requireFloat32('SelfsupL2NormalizeGrad', 'norm', norm);
      requireSame('SelfsupL2NormalizeGrad', 'the size of `norm`, one value for each row,', rows, util.sizeFromShape(norm.shape));
      return produceAll(runtime, [y.shape], (dx) => {
        runtime.kernels.l2NormalizeGrad(runtime.offset(dy), runtime.offset(y), runtime.offset(norm), dx, rows, columns, epsilonOf(attrs));
      })[0]!;
    },
  };
}
