import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

/**
 * Add, Sub, Multiply and RealDiv of float32 tensors of one shape, or of a tensor and one number: the numbers of the stock kernels, shared among threads.
 * Other dtypes and broadcasts go to the stock kernels.
 */
export function arithmeticKernels(runtime: Runtime): KernelTable {
  const kernel =
    (name: string, f: number): Kernel =>
    (inputs, attrs) => {
      const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
      const shape = resultShape(a, b);
      if (shape === undefined) return runtime.runStock(name, inputs, attrs);
      return produce(runtime, shape, 'float32', (y) => {
        const count = util.sizeFromShape([...shape]);
        const wide = [a, b].map((operand) => Number(util.sizeFromShape(operand.shape) === count)) as [number, number];
        runtime.kernels.arithmetic(f, runtime.offset(a), runtime.offset(b), y, count, ...wide);
      });
    };
  return { Add: kernel('Add', 0), Sub: kernel('Sub', 1), Multiply: kernel('Multiply', 2), RealDiv: kernel('RealDiv', 3) };
}

/** The shape of the result where these kernels make it. */
function resultShape(a: TensorInfo, b: TensorInfo): readonly number[] | undefined {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  if (util.arraysEqual(a.shape, b.shape)) return a.shape;
  const isNumber = ({ shape }: TensorInfo, other: TensorInfo): boolean =>
    util.sizeFromShape(shape) === 1 && shape.length <= other.shape.length;
  if (isNumber(b, a)) return a.shape;
  return isNumber(a, b) ? b.shape : undefined;
}
