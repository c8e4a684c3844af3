import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

const BYTES = 4;

/** How an operand lies along the rows of a result: what a step to the next row is, in bytes, and whether a row has a number for each column. */
interface Walk {
  readonly step: number;
  readonly wide: number;
}
/** A result as rows, and its operands along them. */
interface Rows {
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly a: Walk;
  readonly b: Walk;
}

/**
 * Add, Sub, Multiply and RealDiv of float32 tensors, where the result is rows and an operand has all its numbers, one row for all, one number for each row, or
 * one number: the numbers of the stock kernels, shared among threads. Other dtypes and broadcasts go to the stock kernels.
 */
export function arithmeticKernels(runtime: Runtime): KernelTable {
  const kernel =
    (name: string, f: number): Kernel =>
    (inputs, attrs) => {
      const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
      const found = asRows(a, b);
      if (found === undefined) return runtime.runStock(name, inputs, attrs);
      const { shape, rows, columns } = found;
      return produce(runtime, shape, 'float32', (y) => {
        const [from, other] = [runtime.offset(a), runtime.offset(b)];
        runtime.kernels.arithmetic(f, from, other, y, rows, columns, found.a.step, found.b.step, found.a.wide, found.b.wide);
      });
    };
  return { Add: kernel('Add', 0), Sub: kernel('Sub', 1), Multiply: kernel('Multiply', 2), RealDiv: kernel('RealDiv', 3) };
}

/** The result as rows, where these kernels make it. */
function asRows(a: TensorInfo, b: TensorInfo): Rows | undefined {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const rank = Math.max(a.shape.length, b.shape.length);
  const [sizesA, sizesB] = [a, b].map(({ shape }) => [...new Array<number>(rank - shape.length).fill(1), ...shape]) as [number[], number[]];
  const shape = sizesA.map((size, i) => (size === 1 ? sizesB[i]! : size));
  // Sizes that do not fit are for the stock kernel to refuse.
  if (shape.some((size, i) => ![1, size].includes(sizesA[i]!) || ![1, size].includes(sizesB[i]!))) return undefined;
  /** Which operands have the numbers of an axis: two bits. */
  const has = shape.map((size, i) => (size === 1 ? undefined : Number(sizesA[i] === size) + 2 * Number(sizesB[i] === size)));
  const axes = has.filter((bits) => bits !== undefined);
  const across = axes.at(-1) ?? 3;
  const along = axes[0] ?? 3;
  const turn = has.findLastIndex((bits) => bits !== undefined && bits !== across) + 1;
  if (has.slice(0, turn).some((bits) => bits !== undefined && bits !== along)) return undefined;
  const columns = util.sizeFromShape(shape.slice(turn));
  const rows = util.sizeFromShape(shape.slice(0, turn));
  const walk = (bit: number): Walk => {
    const wide = across & bit;
    return { step: along & bit ? (wide ? columns : 1) * BYTES : 0, wide: Number(wide !== 0) };
  };
  return { shape, rows, columns, a: walk(1), b: walk(2) };
}
