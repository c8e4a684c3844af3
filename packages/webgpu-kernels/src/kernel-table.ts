import { addEachKernel } from './add-each-kernel.ts';
import { batchNormKernels } from './batch-norm-kernels.ts';
import { crossEntropyKernels } from './cross-entropy-kernels.ts';
import { dropoutKernel } from './dropout-kernel.ts';
import { geluKernels } from './gelu-kernels.ts';
import { groupNormKernels } from './group-norm-kernels.ts';
import { l2NormalizeKernels } from './l2-normalize-kernels.ts';
import { larsKernel } from './lars-kernel.ts';
import { layerNormKernels } from './layer-norm-kernels.ts';
import { leadingSumsKernels } from './leading-sums-kernels.ts';
import { optimizerKernels } from './optimizer-kernels.ts';
import { rowLogSumExpKernels } from './row-log-sum-exp-kernels.ts';
import type { KernelTable, Runtime } from './runtime.ts';
import { segmentSumKernel } from './segment-sum-kernel.ts';
import { softmaxKernels } from './softmax-kernels.ts';
import { sumOfEachKernel } from './sum-of-each-kernel.ts';
import { unaryKernels } from './unary-kernels.ts';

/** Every kernel of this package, bound to one backend. */
export function kernelTable(runtime: Runtime): KernelTable {
  return {
    ...batchNormKernels(runtime),
    ...layerNormKernels(runtime),
    ...softmaxKernels(runtime),
    ...crossEntropyKernels(runtime),
    ...optimizerKernels(runtime),
    ...larsKernel(runtime),
    ...dropoutKernel(runtime),
    ...geluKernels(runtime),
    ...l2NormalizeKernels(runtime),
    ...groupNormKernels(runtime),
    ...rowLogSumExpKernels(runtime),
    ...sumOfEachKernel(runtime),
    ...addEachKernel(runtime),
    ...leadingSumsKernels(runtime),
    ...segmentSumKernel(runtime),
    ...unaryKernels(runtime),
  };
}
