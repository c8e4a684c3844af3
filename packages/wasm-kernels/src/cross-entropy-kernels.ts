import { type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, produce, produceAll, type KernelTable, type Runtime } from './runtime.ts';

function check(
  kernelName: string,
  inputs: NamedTensorInfoMap,
  perRow: readonly string[],
): { logits: TensorInfo; rows: number; classes: number } {
  const logits = input(inputs, 'logits');
  const [rows = 0, classes = 0] = logits.shape;
  if (logits.dtype !== 'float32' || logits.shape.length !== 2 || classes === 0) {
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `${kernelName}: \`logits\` must be float32 [n, classes], got ${logits.dtype} [${logits.shape.join(', ')}]`,
    );
  }
  for (const name of perRow) {
    const { dtype, shape } = input(inputs, name);
    const expected = name === 'labels' ? 'int32' : 'float32';
    if (dtype === expected && util.arraysEqual(shape, [rows])) continue;
    throw new SelfsupError('SELFSUP_SHAPE', `${kernelName}: \`${name}\` must be ${expected} [${rows}], got ${dtype} [${shape.join(', ')}]`);
  }
  return { logits, rows, classes };
}

/**
 * Cross entropy from integer labels; a negative label means that the row is ignored.
 *
 * SelfsupSoftmaxCrossEntropy: inputs `logits [n, classes]`, `labels` int32 `[n]` → `[losses, logSumExp]`, both `[n]`; an ignored row has 0 in both.
 * SelfsupSoftmaxCrossEntropyGrad: inputs `dy [n]`, `logits`, `labels`, `logSumExp` → `dLogits`.
 */
export function crossEntropyKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  return {
    SelfsupSoftmaxCrossEntropy(inputs) {
      const { logits, rows, classes } = check('SelfsupSoftmaxCrossEntropy', inputs, ['labels']);
      const labels = input(inputs, 'labels');
      return produceAll(runtime, [[rows], [rows]], (losses, logSumExp) => {
        const scratch = runtime.scratch(kernels.crossEntropyScratch() >>> 0);
        const bad = kernels.crossEntropy(runtime.offset(logits), runtime.offset(labels), losses, logSumExp, rows, classes, scratch);
        if (bad < 0) return;
        const label = runtime.backend.readSync(labels.dataId)[bad]!;
        throw new SelfsupError('SELFSUP_SHAPE', `SelfsupSoftmaxCrossEntropy: a label must be below ${classes}, got ${label} in row ${bad}`);
      });
    },
    SelfsupSoftmaxCrossEntropyGrad(inputs) {
      const { logits, rows, classes } = check('SelfsupSoftmaxCrossEntropyGrad', inputs, ['dy', 'labels', 'logSumExp']);
      const [dy, labels, logSumExp] = ['dy', 'labels', 'logSumExp'].map((name) => runtime.offset(input(inputs, name))) as [
        number,
        number,
        number,
      ];
      return produce(runtime, logits.shape, 'float32', (dLogits) => {
        kernels.crossEntropyGrad(dy, runtime.offset(logits), labels, logSumExp, dLogits, rows, classes);
      });
    },
  };
}
