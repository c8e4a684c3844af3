import { util, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { input, numbers, refuse, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction, rowLayout, rowPlace, type RowLayout } from './reduction.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

/** Rows of `x` as [outer, middle, inner], of which the mask is broadcast over the middle ones. */
type Rows = readonly [outer: number, middle: number, inner: number];

function rowsOf(x: TensorInfo, mask: TensorInfo): Rows {
  const leading = x.shape.slice(0, -1);
  const kept = [...Array.from({ length: x.shape.length - mask.shape.length }, () => 1), ...mask.shape];
  const isBroadcast = (axis: number): boolean => kept[axis] === 1 && leading[axis] !== 1;
  const axes = leading.map((_, axis) => axis).filter(isBroadcast);
  const [first, last] = [axes[0] ?? leading.length, axes.at(-1) ?? -1];
  const fits =
    x.shape.length >= mask.shape.length &&
    mask.dtype === 'float32' &&
    kept.at(-1) === x.shape.at(-1) &&
    leading.every((size, axis) => kept[axis] === size || isBroadcast(axis)) &&
    leading.every((size, axis) => axis < first || axis > last || size === 1 || isBroadcast(axis));
  if (!fits) {
    refuse(
      'SelfsupMaskedSoftmax',
      `\`mask\` must be float32, with all keys of \`x\` [${x.shape.join(', ')}] and broadcast over one run of axes at most`,
      `${mask.dtype} [${mask.shape.join(', ')}]`,
    );
  }
  const product = (start: number, end: number): number => util.sizeFromShape(leading.slice(start, end));
  return [product(0, first), product(first, last + 1), product(Math.max(first, last + 1), leading.length)];
}

/** `hidden`: what becomes of a row in which all is −∞: 0 in attention, NaN by the definition. */
const forward = ({ masked, layout, hidden = '0' }: { masked: boolean; layout: RowLayout; hidden?: '0' | 'nan' }): Program => ({
  name: `${hidden === 'nan' ? 'Softmax' : 'SelfsupMaskedSoftmax'} ${layout.lanes}${masked ? ' mask' : ''}`,
  inputs: { x: 'f32', ...(masked && { mask: 'f32' }) },
  outputs: ['y'],
  uniforms: { rows: 'u32', columns: 'u32', middle: 'u32', inner: 'u32', scale: 'f32' },
  threads: layout.threads,
  declarations:
    reduction({ name: 'total', threads: layout.threads, width: layout.rows }) +
    reduction({ name: 'largest', threads: layout.threads, width: layout.rows, by: 'larger' }),
  body: `${rowPlace(layout)}
  ${masked ? 'let maskFirst = ((row / (u.middle * u.inner)) * u.inner + row % u.inner) * u.columns + lane;' : ''}
  var top = -3.4e38; // finite even where all is hidden: then every term is exp(-infinity) = 0
  for (var i = first; i < end; i += ${layout.lanes}u) {
    let z = x[i] * u.scale${masked ? ' + mask[maskFirst + (i - first)]' : ''};
    y[i] = z;
    top = larger(top, z);
  }
  top = largest(top, slot);
  let broken = isNan(top) || isInfinite(top); // infinity - infinity
  var sum = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) {
    let term = power(y[i] - top);
    y[i] = term;
    sum += term;
  }
  sum = total(sum, slot);
  let factor = select(select(sum, ${hidden === 'nan' ? 'u.nan' : '1.0'}, sum == 0.0), u.nan, broken);
  for (var i = first; i < end; i += ${layout.lanes}u) { y[i] = select(y[i] / factor, u.nan, broken); }`,
});

const gradient = (layout: RowLayout): Program => ({
  name: `SelfsupMaskedSoftmaxGrad ${layout.lanes}`,
  inputs: { dy: 'f32', y: 'f32' },
  outputs: ['dx'],
  uniforms: { rows: 'u32', columns: 'u32', scale: 'f32' },
  threads: layout.threads,
  declarations: reduction({ name: 'total', threads: layout.threads, width: layout.rows }),
  body: `${rowPlace(layout)}
  var along = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) { along += dy[i] * y[i]; }
  along = total(along, slot);
  for (var i = first; i < end; i += ${layout.lanes}u) { dx[i] = (dy[i] * y[i] - y[i] * along) * u.scale; }`,
});

/** Rows of a tensor that may be empty. */
function rowsIn(kernelName: string, inputs: NamedTensorInfoMap, name: string) {
  const tensor = input(inputs, name);
  if (util.sizeFromShape(tensor.shape) === 0 && tensor.dtype === 'float32') return { tensor, rows: 0, columns: 1 };
  return requireRows(kernelName, inputs, { name });
}

/**
 * The softmax of attention.
 *
 * SelfsupMaskedSoftmax: inputs `x [..., keys]` and, if given, `mask`, float32 with all keys, broadcast over one run of leading axes at most; attribute
 * `scale` (default 1) → softmax(scale·x + mask). A row that −∞ hides as a whole gives zeros.
 * SelfsupMaskedSoftmaxGrad: inputs `dy`, `y`, attribute `scale` → `dx`.
 * Softmax: input `logits` → softmax over the last axis by the same program, since NaN does not reach the whole row in that of tfjs.
 */
export function softmaxKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupMaskedSoftmax(inputs, attrs) {
      const { tensor: x, rows, columns } = rowsIn('SelfsupMaskedSoftmax', inputs, 'x');
      const { mask } = inputs;
      const [, middle, inner] = mask ? rowsOf(x, mask) : [1, 1, 1];
      const { scale } = numbers(attrs, { scale: 1 });
      const layout = rowLayout(columns);
      return produce(runtime, [x.shape], (outputs) => {
        if (rows === 0) return;
        const uniforms = { rows, columns, middle, inner, scale };
        const program = forward({ masked: mask !== undefined, layout });
        runtime.dispatch(program, { inputs: mask ? [x, mask] : [x], outputs, uniforms, groups: Math.ceil(rows / layout.rows) });
      })[0]!;
    },
    Softmax(inputs) {
      const logits = input(inputs, 'logits');
      if (logits.dtype !== 'float32') return undefined;
      const { rows, columns } = rowsIn('Softmax', inputs, 'logits');
      const layout = rowLayout(columns);
      return produce(runtime, [logits.shape], (outputs) => {
        if (rows === 0) return;
        const uniforms = { rows, columns, middle: 1, inner: 1, scale: 1 };
        const program = forward({ masked: false, layout, hidden: 'nan' });
        runtime.dispatch(program, { inputs: [logits], outputs, uniforms, groups: Math.ceil(rows / layout.rows) });
      })[0]!;
    },
    SelfsupMaskedSoftmaxGrad(inputs, attrs) {
      const { tensor: y, rows, columns } = rowsIn('SelfsupMaskedSoftmaxGrad', inputs, 'y');
      requireShapes('SelfsupMaskedSoftmaxGrad', inputs, { dy: y.shape });
      const { scale } = numbers(attrs, { scale: 1 });
      const layout = rowLayout(columns);
      return produce(runtime, [y.shape], (outputs) => {
        if (rows === 0) return;
        const operands = [input(inputs, 'dy'), y];
        const groups = Math.ceil(rows / layout.rows);
        runtime.dispatch(gradient(layout), { inputs: operands, outputs, uniforms: { rows, columns, scale }, groups });
      })[0]!;
    },
  };
}
