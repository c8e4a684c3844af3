import { broadcast_util, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { input, produce, type Kernel, type KernelTable, type Runtime } from './runtime.ts';

const BYTES = 4;

/** A run of neighboring axes along which each operand either moves or repeats one value. */
interface Run {
  size: number;
  readonly a: boolean;
  readonly b: boolean;
}

/** The axes of a broadcast result, joined where both operands go on in the same way. */
function runsOf(shape: readonly number[], a: readonly number[], b: readonly number[]): Run[] {
  const runs: Run[] = [];
  const moves = (operand: readonly number[], axis: number): boolean => (operand[axis - shape.length + operand.length] ?? 1) !== 1;
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const run = { size, a: moves(a, axis), b: moves(b, axis) };
    const last = runs.at(-1);
    if (last?.a === run.a && last.b === run.b) last.size *= size;
    else runs.push(run);
  });
  return runs.length > 0 ? runs : [{ size: 1, a: true, b: true }];
}

function extremum(runtime: Runtime, { a, b }: { a: TensorInfo; b: TensorInfo }, smallest: number): TensorInfo {
  const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  return produce(runtime, shape, 'float32', (out) => {
    const runs = runsOf(shape, a.shape, b.shape);
    const inner = runs.at(-1)!;
    const outer = runs.slice(0, -1);
    const [fromA, fromB] = [runtime.offset(a), runtime.offset(b)];
    const rows = outer.reduce((product, run) => product * run.size, 1);
    for (let row = 0; row < rows; row++) {
      let [rest, atA, atB, strideA, strideB] = [row, 0, 0, inner.a ? inner.size : 1, inner.b ? inner.size : 1];
      for (let i = outer.length - 1; i >= 0; i--) {
        const run = outer[i]!;
        const index = rest % run.size;
        rest = Math.floor(rest / run.size);
        if (run.a) [atA, strideA] = [atA + index * strideA, strideA * run.size];
        if (run.b) [atB, strideB] = [atB + index * strideB, strideB * run.size];
      }
      const to = out + row * inner.size * BYTES;
      runtime.kernels.extremum(fromA + atA * BYTES, fromB + atB * BYTES, to, inner.size, Number(inner.a), Number(inner.b), smallest);
    }
  });
}

/**
 * Relu, Relu6, ClipByValue, Maximum and Minimum of float32 tensors, through which NaN passes, as on the cpu backend. The stock kernels turn it into a
 * bound or into the other operand; Relu does so where the sign bit is set, as in the NaN that x86 makes of 0/0. And Sign, which the stock kernel takes for 0
 * below 1e-6. Other dtypes go to the stock kernels.
 */
export function clampKernels(runtime: Runtime): KernelTable {
  const clamp = (x: TensorInfo, low: number, high: number): TensorInfo =>
    produce(runtime, x.shape, 'float32', (y) => {
      runtime.kernels.clamp(runtime.offset(x), y, util.sizeFromShape(x.shape), low, high);
    });
  const bounded =
    (name: string, high: number): Kernel =>
    (inputs, attrs) => {
      const x = input(inputs, 'x');
      return x.dtype === 'float32' ? clamp(x, 0, high) : runtime.runStock(name, inputs, attrs);
    };
  const pairwise =
    (name: string, smallest: number): Kernel =>
    (inputs: NamedTensorInfoMap, attrs) => {
      const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
      const ours = a.dtype === 'float32' && b.dtype === 'float32';
      return ours ? extremum(runtime, { a, b }, smallest) : runtime.runStock(name, inputs, attrs);
    };
  return {
    Relu: bounded('Relu', Infinity),
    Relu6: bounded('Relu6', 6),
    ClipByValue(inputs, attrs) {
      const x = input(inputs, 'x');
      if (x.dtype !== 'float32') return runtime.runStock('ClipByValue', inputs, attrs);
      return clamp(x, attrs['clipValueMin'] as number, attrs['clipValueMax'] as number);
    },
    Sign(inputs, attrs) {
      const x = input(inputs, 'x');
      if (x.dtype !== 'float32') return runtime.runStock('Sign', inputs, attrs);
      return produce(runtime, x.shape, 'float32', (y) => {
        runtime.kernels.sign(runtime.offset(x), y, util.sizeFromShape(x.shape));
      });
    },
    Maximum: pairwise('Maximum', 0),
    Minimum: pairwise('Minimum', 1),
  };
}
