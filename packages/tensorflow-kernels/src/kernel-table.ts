import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { batchNormKernels } from './batch-norm-kernels.ts';
import { convolutionKernels } from './convolution-kernels.ts';
import { crossEntropyKernels } from './cross-entropy-kernels.ts';
import { geluKernels } from './gelu-kernels.ts';
import { softmaxKernels } from './softmax-kernels.ts';
import type { TensorflowBackend } from './tensorflow-backend.ts';

/** A kernel as tfjs calls it. */
export type Kernel = (
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: NamedAttrMap,
  backend: TensorflowBackend,
) => TensorInfo | TensorInfo[];
/** Kernels by their name. */
export type KernelTable = Readonly<Record<string, Kernel>>;

/** The kernels that run everywhere: operations that TensorFlow has. */
export const kernelTable: KernelTable = {
  ...batchNormKernels,
  ...convolutionKernels,
  ...crossEntropyKernels,
  ...geluKernels,
  ...softmaxKernels,
};
