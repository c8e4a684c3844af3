import { arithmeticKernels } from './arithmetic-kernels.ts';
import { batchNormKernels } from './batch-norm-kernels.ts';
import { castKernel } from './cast-kernel.ts';
import { clampKernels } from './clamp-kernels.ts';
import { convolution3dKernels } from './convolution-3d-kernels.ts';
import { convolutionKernels } from './convolution-kernels.ts';
import { crossEntropyKernels } from './cross-entropy-kernels.ts';
import { depthwiseKernels } from './depthwise-kernels.ts';
import { dilationKernels } from './dilation-kernels.ts';
import { dropoutKernel } from './dropout-kernel.ts';
import { elementwiseKernels } from './elementwise-kernels.ts';
import { gatherKernels } from './gather-kernels.ts';
import { groupNormKernels } from './group-norm-kernels.ts';
import { identityKernel } from './identity-kernel.ts';
import { l2NormalizeKernels } from './l2-normalize-kernels.ts';
import { layerNormKernels } from './layer-norm-kernels.ts';
import { matmulKernels } from './matmul-kernels.ts';
import { maxPoolWithArgmaxKernel } from './max-pool-with-argmax-kernel.ts';
import { oneHotKernel } from './one-hot-kernel.ts';
import { optimizerKernels } from './optimizer-kernels.ts';
import { pooling3dKernels } from './pooling-3d-kernels.ts';
import { poolingKernels } from './pooling-kernels.ts';
import { preluKernel } from './prelu-kernel.ts';
import { reductionKernels } from './reduction-kernels.ts';
import { resizeKernels } from './resize-kernels.ts';
import { softmaxKernels } from './softmax-kernels.ts';
import { transposeKernel } from './transpose-kernel.ts';
import type { KernelTable, Runtime } from './runtime.ts';

/** Every kernel of this package, bound to one backend. */
export function kernelTable(runtime: Runtime): KernelTable {
  const convolution = convolutionKernels(runtime);
  const pooling = poolingKernels(runtime);
  return {
    ...matmulKernels(runtime),
    ...convolution,
    ...convolution3dKernels(runtime, convolution),
    ...depthwiseKernels(runtime),
    ...pooling,
    ...pooling3dKernels(runtime, pooling),
    ...maxPoolWithArgmaxKernel(runtime),
    ...gatherKernels(runtime),
    ...identityKernel(runtime),
    ...oneHotKernel(runtime),
    ...reductionKernels(runtime),
    ...batchNormKernels(runtime),
    ...groupNormKernels(runtime),
    ...l2NormalizeKernels(runtime),
    ...elementwiseKernels(runtime),
    ...layerNormKernels(runtime),
    ...softmaxKernels(runtime),
    ...crossEntropyKernels(runtime),
    ...dilationKernels(runtime),
    ...dropoutKernel(runtime),
    ...transposeKernel(runtime),
    ...optimizerKernels(runtime),
    ...castKernel(runtime),
    ...clampKernels(runtime),
    ...arithmeticKernels(runtime),
    ...preluKernel(runtime),
    ...resizeKernels(runtime),
  };
}
