import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { input, numbers, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction, rowLayout, rowPlace, type RowLayout } from './reduction.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const OMITTED = { first: 'u32', period: 'u32' } as const;
/** WGSL for whether an entry does not count. */
const isOmitted = (row: string, column: string): string => `u.period > 0u && ${column} % u.period == (u.first + ${row}) % u.period`;

const forward = (layout: RowLayout): Program => ({
  name: `SelfsupRowLogSumExp ${layout.lanes}`,
  inputs: { logits: 'f32' },
  outputs: ['y'],
  uniforms: { rows: 'u32', columns: 'u32', ...OMITTED },
  threads: layout.threads,
  declarations:
    reduction({ name: 'total', threads: layout.threads, width: layout.rows }) +
    reduction({ name: 'largest', threads: layout.threads, width: layout.rows, by: 'larger' }),
  body: `${rowPlace(layout)}
  let start = row * u.columns;
  var top = -u.infinity;
  for (var i = first; i < end; i += ${layout.lanes}u) {
    if (!(${isOmitted('row', '(i - start)')})) { top = larger(top, logits[i]); }
  }
  top = largest(top, slot);
  var sum = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) {
    if (!(${isOmitted('row', '(i - start)')})) { sum += power(logits[i] - top); }
  }
  sum = total(sum, slot);
  if (!live || lane > 0u) { return; }
  if (isNan(top) || (isPositive(top) && isInfinite(top))) { y[row] = u.nan; return; } // infinity - infinity
  y[row] = select(log(sum) + top, top, isInfinite(top));`,
});

const gradient = elementwise({
  name: 'SelfsupRowLogSumExpGrad',
  inputs: { logits: 'f32', result: 'f32', dy: 'f32' },
  outputs: ['dLogits'],
  uniforms: { columns: 'u32', ...OMITTED },
  body: `
  let row = i / u.columns;
  if (${isOmitted('row', '(i % u.columns)')}) { dLogits[i] = 0.0; return; }
  dLogits[i] = power(logits[i] - result[row]) * dy[row];`,
});

const omittedOf = (attrs: NamedAttrMap) => {
  const { from: first, period } = numbers(attrs, { from: 0, period: 0 });
  return { first, period };
};

/**
 * Logarithms of sums of exponentials along rows.
 *
 * SelfsupRowLogSumExp: input `logits [rows, columns]`, attributes `from` and `period`: with a `period` above 0 the entries of row i whose column is
 * (from + i) modulo it do not count → `[rows]`.
 * SelfsupRowLogSumExpGrad: inputs `logits`, `result`, `dy`, the same attributes → dy · exp(logits − result), 0 where an entry does not count.
 */
export function rowLogSumExpKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupRowLogSumExp(inputs, attrs) {
      const { tensor: logits, rows, columns } = requireRows('SelfsupRowLogSumExp', inputs, { name: 'logits', rank: 2 });
      const layout = rowLayout(columns);
      return produce(runtime, [[rows]], (outputs) => {
        if (rows === 0) return;
        const uniforms = { rows, columns, ...omittedOf(attrs) };
        runtime.dispatch(forward(layout), { inputs: [logits], outputs, uniforms, groups: Math.ceil(rows / layout.rows) });
      })[0]!;
    },
    SelfsupRowLogSumExpGrad(inputs, attrs) {
      const { tensor: logits, rows, columns } = requireRows('SelfsupRowLogSumExpGrad', inputs, { name: 'logits', rank: 2 });
      requireShapes('SelfsupRowLogSumExpGrad', inputs, { result: [rows], dy: [rows] });
      return produce(runtime, [logits.shape], (outputs) => {
        const operands = [logits, input(inputs, 'result'), input(inputs, 'dy')];
        gradient(runtime, { inputs: operands, outputs, uniforms: { columns, ...omittedOf(attrs) } });
      })[0]!;
    },
  };
}
