import { type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { SelfsupError } from './errors.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

/** Rows of `x` as [outer, middle, inner], of which the mask is broadcast over the middle ones. */
type Rows = readonly [outer: number, middle: number, inner: number];

function sizeOf(x: TensorInfo): { rows: number; columns: number } {
  const columns = x.shape.at(-1) ?? 1;
  return { columns, rows: util.sizeFromShape(x.shape.slice(0, -1)) };
}

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
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `SelfsupMaskedSoftmax: \`mask\` must be float32, with all keys of \`x\` [${x.shape.join(', ')}] and broadcast over one run of axes at most, ` +
        `got ${mask.dtype} [${mask.shape.join(', ')}]`,
    );
  }
  const product = (from: number, to: number): number => util.sizeFromShape(leading.slice(from, to));
  return [product(0, first), product(first, last + 1), product(Math.max(first, last + 1), leading.length)];
}

function requireFloat(kernelName: string, x: TensorInfo, inputs: NamedTensorInfoMap, name: string): void {
  const { dtype, shape } = input(inputs, name);
  if (dtype === 'float32' && util.arraysEqual(shape, x.shape)) return;
  throw new SelfsupError(
    'SELFSUP_SHAPE',
    `${kernelName}: \`${name}\` must be float32 [${x.shape.join(', ')}], got ${dtype} [${shape.join(', ')}]`,
  );
}

/**
 * Softmax along the last axis (tfjs's own kernel; other dtypes than float32 and other axes go to the stock one), and that of attention.
 *
 * SelfsupMaskedSoftmax: inputs `x [..., keys]` and, if given, `mask`, float32 with all keys, broadcast over one run of leading axes at most; attribute
 * `scale` (default 1) → softmax(scale·x + mask). A row that −∞ hides as a whole gives zeros.
 * SelfsupMaskedSoftmaxGrad: inputs `dy`, `y`, attribute `scale` → `dx`.
 */
export function softmaxKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;
  const run = (x: TensorInfo, mask: TensorInfo | undefined, scale: number): TensorInfo => {
    const { rows, columns } = sizeOf(x);
    const [outer, middle, inner] = mask ? rowsOf(x, mask) : ([rows, 1, 1] as const);
    return produce(runtime, x.shape, 'float32', (y) => {
      kernels.softmax(runtime.offset(x), mask ? runtime.offset(mask) : 0, y, outer, middle, inner, columns, scale);
    });
  };
  return {
    Softmax(inputs, attrs) {
      const logits = input(inputs, 'logits');
      const isOurs = logits.dtype === 'float32' && attrs['dim'] === logits.shape.length - 1;
      return isOurs ? run(logits, undefined, 1) : runtime.runStock('Softmax', inputs, attrs);
    },
    SelfsupMaskedSoftmax(inputs, attrs) {
      const x = input(inputs, 'x');
      requireFloat('SelfsupMaskedSoftmax', x, inputs, 'x');
      return run(x, inputs['mask'], (attrs['scale'] as number | undefined) ?? 1);
    },
    SelfsupMaskedSoftmaxGrad(inputs, attrs) {
      const y = input(inputs, 'y');
      for (const name of ['y', 'dy']) requireFloat('SelfsupMaskedSoftmaxGrad', y, inputs, name);
      const { rows, columns } = sizeOf(y);
      return produce(runtime, y.shape, 'float32', (dx) => {
        const [from, at] = [runtime.offset(input(inputs, 'dy')), runtime.offset(y)];
        kernels.softmaxGrad(from, at, dx, rows, columns, (attrs['scale'] as number | undefined) ?? 1);
      });
    },
  };
}
