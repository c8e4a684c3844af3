import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, broadcast_util, util } from '@tensorflow/tfjs-core';
import { refuse } from './check-operands.ts';
import { readEpilogue, withEpilogue } from './epilogue.ts';
import { SelfsupError } from './errors.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

const BYTES = 4;
/** Sums longer than this are done row by row, as products with A transposed: packing all of B would take several times its memory. */
const LONG = 2 ** 21;

/** For each matrix of the broadcast batch, which matrix of an operand it uses. */
function batchIndices(operand: readonly number[], batch: readonly number[]): (index: number) => number {
  const lead = batch.length - operand.length;
  const size = util.sizeFromShape([...operand]);
  if (size === util.sizeFromShape([...batch])) return (index) => index;
  if (size === 1) return () => 0;
  return (index) => {
    let result = 0;
    let stride = 1;
    for (let d = batch.length - 1; d >= lead; d--) {
      const at = index % batch[d]!;
      index = Math.floor(index / batch[d]!);
      const extent = operand[d - lead]!;
      if (extent > 1) result += at * stride;
      stride *= extent;
    }
    return result;
  };
}

interface BatchRun {
  readonly first: number;
  readonly count: number;
  readonly atA: number;
  readonly atB: number;
  readonly stepA: number;
  readonly stepB: number;
}

/** Cuts a batch into the longest runs in which each operand moves on by the same number of matrices. */
function* batchRuns(indexA: (index: number) => number, indexB: (index: number) => number, batch: number): Generator<BatchRun> {
  for (let first = 0; first < batch;) {
    const [atA, atB] = [indexA(first), indexB(first)];
    let count = 1;
    const [stepA, stepB] = first + 1 < batch ? [indexA(first + 1) - atA, indexB(first + 1) - atB] : [0, 0];
    while (first + count < batch && indexA(first + count) === atA + count * stepA && indexB(first + count) === atB + count * stepB) count++;
    yield { first, count, atA, atB, stepA, stepB };
    first += count;
  }
}

interface Product {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function product(runtime: Runtime, { a, b, transposeA, transposeB }: Product, bias: TensorInfo | undefined, act: number): TensorInfo {
  for (const [name, { shape }] of Object.entries({ a, b })) {
    if (shape.length < 2) refuse('matMul', name, 'have at least two axes', `[${shape.join(', ')}]`);
  }
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  let m = transposeA ? columnsA : rowsA;
  const k = transposeA ? rowsA : columnsA;
  const n = transposeB ? rowsB : columnsB;
  if (k !== (transposeB ? columnsB : rowsB)) {
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `matMul: inner sizes must agree, got a [${a.shape.join(', ')}]${transposeA ? ' transposed' : ''} and b [${b.shape.join(', ')}]${transposeB ? ' transposed' : ''}`,
    );
  }
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batchShape = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  return produce(runtime, [...batchShape, m, n], 'float32', (out) => {
    let batch = util.sizeFromShape(batchShape);
    // One B for all: the matrices of A are rows of one tall matrix.
    if (util.sizeFromShape(batchB) === 1 && !transposeA && util.sizeFromShape(batchA) === batch) {
      m *= batch;
      batch = 1;
    }
    const { kernels } = runtime;
    const biasOffset = bias === undefined ? 0 : runtime.offset(bias);
    if (k === 0) {
      // An empty sum: the kernels would not touch the output; one k of zeros does.
      const zeros = runtime.scratch((kernels.matmulScratch(m * batch, n, 1, 0) >>> 0) + Math.max(m * batch, n) * BYTES);
      kernels.fillZero(zeros, Math.max(m * batch, n) * BYTES);
      kernels.matmul(zeros, zeros, out, m * batch, n, 1, 0, 0, biasOffset, act, zeros + Math.max(m * batch, n) * BYTES);
      return;
    }
    const offsetA = runtime.offset(a);
    const offsetB = runtime.offset(b);
    if (k > LONG && !transposeA) {
      // Each row of A is a column of its transpose.
      const scratch = runtime.scratch(kernels.matmulScratch(1, n, k, 1) >>> 0);
      const indexA = batchIndices(batchA, batchShape);
      const indexB = batchIndices(batchB, batchShape);
      for (let i = 0; i < batch; i++) {
        const from = offsetA + (batch === 1 ? 0 : indexA(i)) * m * k * BYTES;
        const by = offsetB + (batch === 1 ? 0 : indexB(i)) * k * n * BYTES;
        for (let row = 0; row < m; row++) {
          const [one, target] = [from + row * k * BYTES, out + (i * m + row) * n * BYTES];
          kernels.matmul(one, by, target, 1, n, k, 1, Number(transposeB), biasOffset, act, scratch);
        }
      }
      return;
    }
    if (batch === 1) {
      const scratch = runtime.scratch(kernels.matmulScratch(m, n, k, Number(transposeA)) >>> 0);
      kernels.matmul(offsetA, offsetB, out, m, n, k, Number(transposeA), Number(transposeB), biasOffset, act, scratch);
      return;
    }
    // Runs of matrices that are the same distance apart
    const scratch = runtime.scratch(kernels.matmulBatchScratch(batch, m, n, k, Number(transposeA)) >>> 0);
    const [sizeA, sizeB, sizeC] = [m * k * BYTES, k * n * BYTES, m * n * BYTES];
    for (const { first, count, atA, atB, stepA, stepB } of batchRuns(
      batchIndices(batchA, batchShape),
      batchIndices(batchB, batchShape),
      batch,
    )) {
      kernels.matmulBatch(
        ...([offsetA + atA * sizeA, offsetB + atB * sizeB, out + first * sizeC, count, stepA * sizeA, stepB * sizeB] as const),
        ...([m, n, k, Number(transposeA), Number(transposeB), biasOffset, act, scratch] as const),
      );
    }
  });
}

/** BatchMatMul and _FusedMatMul in all transposes; float32, other dtypes go to the stock kernel. */
export function matmulKernels(runtime: Runtime): KernelTable {
  const read = (inputs: NamedTensorInfoMap, attrs: NamedAttrMap): Product => ({
    a: input(inputs, 'a'),
    b: input(inputs, 'b'),
    transposeA: attrs['transposeA'] === true,
    transposeB: attrs['transposeB'] === true,
  });
  const isFloat = ({ a, b }: Product): boolean => a.dtype === 'float32' && b.dtype === 'float32';
  return {
    BatchMatMul(inputs, attrs) {
      const operands = read(inputs, attrs);
      return isFloat(operands) ? product(runtime, operands, undefined, 0) : runtime.runStock('BatchMatMul', inputs, attrs);
    },
    _FusedMatMul(inputs, attrs) {
      const operands = read(inputs, attrs);
      if (!isFloat(operands)) return runtime.runStock('_FusedMatMul', inputs, attrs);
      const columns = operands.b.shape.at(operands.transposeB ? -2 : -1)!;
      return withEpilogue(runtime, readEpilogue(inputs, attrs), columns, (bias, act) => product(runtime, operands, bias, act));
    },
  };
}
