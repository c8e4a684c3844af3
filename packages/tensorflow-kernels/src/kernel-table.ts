import { batchNormKernels } from './batch-norm-kernels.ts';
import { convolutionKernels } from './convolution-kernels.ts';
import { crossEntropyKernels } from './cross-entropy-kernels.ts';
import { geluKernels } from './gelu-kernels.ts';
import { softmaxKernels } from './softmax-kernels.ts';
import type { KernelTable } from './kernel.ts';

/** The kernels that run everywhere: operations that TensorFlow has. */
export const kernelTable: KernelTable = {
  ...batchNormKernels,
  ...convolutionKernels,
  ...crossEntropyKernels,
  ...geluKernels,
  ...softmaxKernels,
};
