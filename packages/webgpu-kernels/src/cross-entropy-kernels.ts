import type { NamedTensorInfoMap } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { input, refuse, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction, rowLayout, rowPlace, type RowLayout } from './reduction.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const forward = (layout: RowLayout): Program => ({
  name: `SelfsupSoftmaxCrossEntropy ${layout.lanes}`,
  inputs: { logits: 'f32', labels: 'i32' },
  outputs: ['losses', 'logSumExp'],
  uniforms: { rows: 'u32', columns: 'u32' },
  threads: layout.threads,
  declarations:
    reduction({ name: 'total', threads: layout.threads, width: layout.rows }) +
    reduction({ name: 'largest', threads: layout.threads, width: layout.rows, by: 'larger' }),
  body: `${rowPlace(layout)}
  var top = -u.infinity;
  for (var i = first; i < end; i += ${layout.lanes}u) { top = larger(top, logits[i]); }
  top = largest(top, slot);
  let broken = isNan(top) || isInfinite(top); // infinity - infinity
  var sum = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) { sum += power(logits[i] - top); }
  let tail = log(total(sum, slot));
  if (!live || lane > 0u) { return; }
  let label = labels[row];
  if (label < 0) {
    losses[row] = 0.0;
    logSumExp[row] = 0.0;
    return;
  }
  let known = u32(label) < u.columns;
  let picked = logits[row * u.columns + min(u32(label), u.columns - 1u)];
  // subtracted from the maximum first: the loss of a sure prediction keeps its digits however large the logits
  losses[row] = select(u.nan, tail + (top - picked), known && !broken);
  logSumExp[row] = select(tail + top, u.nan, broken);`,
});

const gradient = elementwise({
  name: 'SelfsupSoftmaxCrossEntropyGrad',
  inputs: { dy: 'f32', logits: 'f32', labels: 'i32', logSumExp: 'f32' },
  outputs: ['dLogits'],
  uniforms: { columns: 'u32' },
  body: `
  let row = i / u.columns;
  let label = labels[row];
  if (label < 0) { dLogits[i] = 0.0; return; }
  let target0 = select(0.0, 1.0, u32(label) == i % u.columns);
  dLogits[i] = (power(logits[i] - logSumExp[row]) - target0) * dy[row];`,
});

function viewOf(kernelName: string, inputs: NamedTensorInfoMap) {
  const { tensor: logits, rows, columns } = requireRows(kernelName, inputs, { name: 'logits', rank: 2 });
  if (logits.shape.length !== 2) refuse(kernelName, '`logits` must have the shape [n, classes]', `[${logits.shape.join(', ')}]`);
  requireShapes(kernelName, inputs, { labels: [rows] }, 'int32');
  return { logits, rows, columns };
}

/**
 * Cross entropy from integer labels; a negative label means that the row is ignored.
 *
 * SelfsupSoftmaxCrossEntropy: inputs `logits [n, classes]`, `labels` int32 `[n]` → `[losses, logSumExp]`, both `[n]`; an ignored row has 0 in both. The loss
 * of a label that is not below `classes` is NaN: labels are not read back from the device.
 * SelfsupSoftmaxCrossEntropyGrad: inputs `dy [n]`, `logits`, `labels`, `logSumExp` → `dLogits`.
 */
export function crossEntropyKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupSoftmaxCrossEntropy(inputs) {
      const { logits, rows, columns } = viewOf('SelfsupSoftmaxCrossEntropy', inputs);
      const layout = rowLayout(columns);
      return produce(runtime, [[rows], [rows]], (outputs) => {
        if (rows === 0) return;
        const operands = [logits, input(inputs, 'labels')];
        runtime.dispatch(forward(layout), {
          inputs: operands,
          outputs,
          uniforms: { rows, columns },
          groups: Math.ceil(rows / layout.rows),
        });
      });
    },
    SelfsupSoftmaxCrossEntropyGrad(inputs) {
      const { logits, rows, columns } = viewOf('SelfsupSoftmaxCrossEntropyGrad', inputs);
      requireShapes('SelfsupSoftmaxCrossEntropyGrad', inputs, { dy: [rows], logSumExp: [rows] });
      const operands = ['dy', 'logits', 'labels', 'logSumExp'].map((name) => input(inputs, name));
      return produce(runtime, [logits.shape], (outputs) => {
        gradient(runtime, { inputs: operands, outputs, uniforms: { columns } });
      })[0]!;
    },
  };
}
