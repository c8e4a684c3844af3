import { util } from '@tensorflow/tfjs-core';
import { input, numbers, refuse, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction, rowLayout, rowPlace, type RowLayout } from './reduction.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const SIZES = { rows: 'u32', columns: 'u32', epsilon: 'f32' } as const;

/** Scaled by the largest entry, so that squares neither overflow nor vanish. */
const forward = (layout: RowLayout): Program => ({
  name: `SelfsupL2Normalize ${layout.lanes}`,
  inputs: { x: 'f32' },
  outputs: ['y', 'norm'],
  uniforms: SIZES,
  threads: layout.threads,
  declarations:
    reduction({ name: 'total', threads: layout.threads, width: layout.rows }) +
    reduction({ name: 'largest', threads: layout.threads, width: layout.rows, by: 'larger' }),
  body: `${rowPlace(layout)}
  var top = 1e-30;
  for (var i = first; i < end; i += ${layout.lanes}u) { top = larger(top, abs(x[i])); }
  top = largest(top, slot);
  let broken = isNan(top) || isInfinite(top); // infinity / infinity
  var squares = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) { let scaled = x[i] / top; squares += scaled * scaled; }
  let scaledNorm = sqrt(total(squares, slot));
  let factor = max(scaledNorm, u.epsilon / top);
  if (live && lane == 0u) { norm[row] = select(scaledNorm * top, u.nan, broken); }
  for (var i = first; i < end; i += ${layout.lanes}u) { y[i] = select(x[i] / top / factor, u.nan, broken); }`,
});

const gradient = (layout: RowLayout): Program => ({
  name: `SelfsupL2NormalizeGrad ${layout.lanes}`,
  inputs: { dy: 'f32', y: 'f32', norm: 'f32' },
  outputs: ['dx'],
  uniforms: SIZES,
  threads: layout.threads,
  declarations: reduction({ name: 'total', threads: layout.threads, width: layout.rows }),
  body: `${rowPlace(layout)}
  var along = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) { along += y[i] * dy[i]; }
  along = total(along, slot);
  let length = norm[min(row, u.rows - 1u)];
  let factor = select(0.0, 1.0, length >= u.epsilon && !isNan(length)) / larger(length, u.epsilon);
  for (var i = first; i < end; i += ${layout.lanes}u) { dx[i] = (dy[i] - y[i] * along) * factor; }`,
});

/**
 * Rows divided by their norms.
 *
 * SelfsupL2Normalize: input `x [..., dim]`, attribute `epsilon` → `[y, norm]`, norm `[..., 1]`, y = x / max(norm, epsilon).
 * SelfsupL2NormalizeGrad: inputs `dy`, `y`, `norm`, attribute `epsilon` → dx, which is 0 for rows with a norm below epsilon.
 */
export function l2NormalizeKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupL2Normalize(inputs, attrs) {
      const { tensor: x, rows, columns } = requireRows('SelfsupL2Normalize', inputs, { name: 'x' });
      const { epsilon } = numbers(attrs, { epsilon: 1e-12 });
      const layout = rowLayout(columns);
      return produce(runtime, [x.shape, [...x.shape.slice(0, -1), 1]], (outputs) => {
        if (rows === 0) return;
        const groups = Math.ceil(rows / layout.rows);
        runtime.dispatch(forward(layout), { inputs: [x], outputs, uniforms: { rows, columns, epsilon }, groups });
      });
    },
    SelfsupL2NormalizeGrad(inputs, attrs) {
      const { tensor: y, rows, columns } = requireRows('SelfsupL2NormalizeGrad', inputs, { name: 'y' });
      const norm = input(inputs, 'norm');
      requireShapes('SelfsupL2NormalizeGrad', inputs, { dy: y.shape, norm: norm.shape });
      const given = util.sizeFromShape(norm.shape);
      if (given !== rows) refuse('SelfsupL2NormalizeGrad', `\`norm\` must have ${rows} values, one for each row`, `${given}`);
      const { epsilon } = numbers(attrs, { epsilon: 1e-12 });
      const layout = rowLayout(columns);
      return produce(runtime, [y.shape], (outputs) => {
        if (rows === 0) return;
        const on = { inputs: [input(inputs, 'dy'), y, norm], outputs, groups: Math.ceil(rows / layout.rows) };
        runtime.dispatch(gradient(layout), { ...on, uniforms: { rows, columns, epsilon } });
      })[0]!;
    },
  };
}
