import type { DataStorage, DataType, KernelConfig, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { repairKernel } from './repair-kernel.ts';
import { repairResampling } from './repair-resampling.ts';
import { sumOfNothing } from './sum-of-nothing.ts';
import { placeInRow, sumFromEnd } from './webgpu-axes.ts';
import { uncutConvolution, uncutProduct } from './webgpu-products.ts';

/** A sum of more tensors than one program can be given, part after part. */
const sumOfMany =
  (stock: KernelConfig): KernelFunc =>
  ({ inputs, attrs = {}, backend }) => {
    const gpu = backend as WebGPUBackend;
    const most = gpu.device.limits.maxStorageBuffersPerShaderStage - 1; // one is for the result
    const [first, ...others] = inputs as unknown as TensorInfo[];
    let sum = first!;
    for (let i = 0; i === 0 || i < others.length; i += most - 1) {
      const part = [sum, ...others.slice(i, i + most - 1)] as unknown as typeof inputs;
      const next = stock.kernelFunc({ inputs: part, attrs, backend }) as TensorInfo;
      if (i > 0) gpu.disposeData(sum.dataId);
      sum = next;
    }
    return sum;
  };

/** What takes the place of tfjs's kernels. */
const REPAIRS: Readonly<Record<string, (stock: KernelConfig) => KernelFunc>> = {
  BatchMatMul: uncutProduct,
  _FusedMatMul: uncutProduct,
  Conv2D: uncutConvolution,
  FusedConv2D: uncutConvolution,
  AddN: sumOfMany,
  ArgMax: placeInRow,
  ArgMin: placeInRow,
  Sum: sumOfNothing,
  Cumsum: sumFromEnd,
};

/**
 * Mends what tfjs's webgpu backend computes wrongly: the gradients of average pooling where a window reaches over the edge (it divides by the whole window;
 * those of resizing are replaced with them), products of rows of 2000 and more by a transposed matrix and
 * the order in which long products and convolutions of single images are added up, sums of more tensors than a program can be given, `argMax` and `argMin` of a
 * single row, sums of nothing, and `cumsum` from the end, which its gradient needs. Once; later calls do nothing.
 */
export function repairWebgpu(): void {
  for (const [kernelName, mend] of Object.entries(REPAIRS)) repairKernel(kernelName, 'webgpu', mend);
  repairResampling('webgpu');
}

/** The part of a program that {@link repairTransposes} looks at. */
interface Program {
  shaderKey: string;
  getUserCode(): string;
}

/**
 * Lets a backend transpose what lies in buffers of integers: int32, bool, and float32 that was cast from them. tfjs's program for more than two axes does not
 * compile for these, the one for two rounds integers above 2²⁴.
 *
 * @param backend once, after its start
 */
export function repairTransposes(backend: WebGPUBackend): void {
  const run = backend.runWebGPUProgram.bind(backend);
  const { tensorMap } = backend as unknown as { tensorMap: DataStorage<{ dtype: DataType }> };
  backend.runWebGPUProgram = (program, inputs, dtype, ...rest) => {
    const transpose = program as unknown as Program;
    if (/^transpose(_|Shared$)/.test(transpose.shaderKey) && tensorMap.get(inputs[0]!.dataId).dtype !== 'float32') {
      const code = transpose.getUserCode();
      const mended =
        dtype === 'float32'
          ? code.replace(/\(flatIndex, (A\[[^\]]*\])/, '(flatIndex, f32($1)')
          : code.replace('array<f32,', 'array<i32,').replace('f32(A[', 'i32(A[').replace('setOutputAtIndex(', 'setOutputAtIndexI32(');
      transpose.getUserCode = () => mended;
      transpose.shaderKey += `_${dtype}`;
    }
    return run(program, inputs, dtype, ...rest);
  };
}
