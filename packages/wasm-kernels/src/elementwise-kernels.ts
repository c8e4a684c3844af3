import { type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

/** tfjs's kernels and their numbers in the compiled `unary`. */
const UNARY: Readonly<Record<string, number>> = { Exp: 0, Erf: 1, Tanh: 2 };

function float32(kernelName: string, inputs: NamedTensorInfoMap, name: string, like?: TensorInfo): TensorInfo {
  const tensor = input(inputs, name);
  if (tensor.dtype !== 'float32' || (like && !util.arraysEqual(tensor.shape, like.shape))) {
    const expected = like ? `float32 [${like.shape.join(', ')}]` : 'a float32 tensor';
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${kernelName}: \`${name}\` must be ${expected}, got ${tensor.dtype} [${tensor.shape.join(', ')}]`,
    );
  }
  return tensor;
}

/**
 * Exp, Erf and Tanh of float32 tensors, within 1, 3 and 6 units in the last place; other dtypes go to the stock kernels.
 *
 * SelfsupGelu: input `x`, attribute `approximate` ('none' or 'tanh') → `y`, 0 at −∞.
 * SelfsupGeluGrad: inputs `dy`, `x`, attribute `approximate` → `dx`.
 */
export function elementwiseKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const unary =
    (name: string): Kernel =>
    (inputs, attrs) => {
      const x = input(inputs, 'x');
      if (x.dtype !== 'float32') return runtime.runStock(name, inputs, attrs);
      return produce(runtime, x.shape, 'float32', (y) => {
        kernels.unary(UNARY[name]!, runtime.offset(x), y, util.sizeFromShape(x.shape));
      });
    };
  return {
    ...Object.fromEntries(Object.keys(UNARY).map((name) => [name, unary(name)])),
    SelfsupGelu(inputs, attrs) {
      const x = float32('SelfsupGelu', inputs, 'x');
      return produce(runtime, x.shape, 'float32', (y) => {
        kernels.geluForward(runtime.offset(x), y, util.sizeFromShape(x.shape), Number(attrs['approximate'] === 'tanh'));
      });
    },
    SelfsupGeluGrad(inputs, attrs) {
      const x = float32('SelfsupGeluGrad', inputs, 'x');
      const dy = float32('SelfsupGeluGrad', inputs, 'dy', x);
      return produce(runtime, x.shape, 'float32', (dx) => {
        kernels.geluGrad(runtime.offset(dy), runtime.offset(x), dx, util.sizeFromShape(x.shape), Number(attrs['approximate'] === 'tanh'));
      });
    },
  };
}
