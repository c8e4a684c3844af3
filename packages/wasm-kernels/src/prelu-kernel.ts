import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { input, type KernelTable, type Runtime } from './runtime.ts';

/** Prelu: the stock kernel reads one slope per channel whatever the shape of `alpha`; other shapes are composed, relu(x) − alpha · relu(−x). */
export function preluKernel(runtime: Runtime): KernelTable {
  return {
    Prelu(inputs) {
      const x = input(inputs, 'x');
      const alpha = input(inputs, 'alpha');
      const perChannel = util.sizeFromShape(alpha.shape) === x.shape.at(-1) && alpha.shape.at(-1) === x.shape.at(-1);
      if (perChannel || util.sizeFromShape(x.shape) === 0) return runtime.runStock('Prelu', inputs);
      const made: TensorInfo[] = [];
      const run = (name: string, operands: Record<string, TensorInfo>): TensorInfo => {
        const result = runtime.run(name, operands);
        made.push(result);
        return result;
      };
      try {
        const above = run('Relu', { x });
        const below = run('Relu', { x: run('Neg', { x }) });
        return runtime.run('Sub', { a: above, b: run('Multiply', { a: below, b: alpha }) });
      } finally {
        for (const tensor of made) runtime.release(tensor);
      }
    },
  };
}
