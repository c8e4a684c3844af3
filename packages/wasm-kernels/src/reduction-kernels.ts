import { backend_util, type NamedAttrMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

interface Step {
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
}

/** A reduction as sums over the middle of [outer, rows, inner], the last group of neighboring axes first. */
function steps(shape: readonly number[], axes: readonly number[]): Step[] {
  const runs: { size: number; reduced: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const reduced = axes.includes(axis);
    const last = runs.at(-1);
    if (last?.reduced === reduced) last.size *= size;
    else runs.push({ size, reduced });
  });
  const list: Step[] = [];
  let inner = 1;
  for (let i = runs.length - 1; i >= 0; i--) {
    const { size, reduced } = runs[i]!;
    if (!reduced) inner *= size;
    else list.push({ outer: runs.slice(0, i).reduce((product, run) => product * run.size, 1), rows: size, inner });
  }
  return list;
}

/**
 * Sum and Mean of float32 over any axes, accurate for long sums (blocks in float32, then float64), and of empty tensors:
 * 0, as on the cpu backend. Other dtypes go to the stock kernels.
 */
export function reductionKernels(runtime: Runtime): KernelTable {
  const { kernels } = runtime;

  function reduce(kernelName: 'Sum' | 'Mean', x: TensorInfo, attrs: NamedAttrMap): TensorInfo {
    const axes = util.parseAxisParam(attrs['axis'] as number | number[], x.shape);
    const [reduced] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = attrs['keepDims'] === true ? backend_util.expandShapeToKeepDim(reduced, axes) : reduced;
    const dtype = kernelName === 'Mean' ? 'float32' : x.dtype;
    if (util.sizeFromShape(x.shape) === 0) {
      return produce(runtime, shape, dtype, (out) => {
        kernels.fillZero(out, util.sizeFromShape(shape) * util.bytesPerElement(dtype));
      });
    }
    let current = x;
    for (const { outer, rows, inner } of steps(x.shape, axes)) {
      const from = current;
      try {
        current = produce(runtime, [outer, inner], 'float32', (out) => {
          const scratch = runtime.scratch(kernels.sumMiddleScratch(inner));
          kernels.sumMiddle(runtime.offset(from), out, outer, rows, inner, kernelName === 'Mean' ? rows : 1, scratch);
        });
      } finally {
        if (from !== x) runtime.release(from);
      }
    }
    if (current === x) runtime.backend.incRef(x.dataId); // nothing but axes of length 1
    return { dataId: current.dataId, dtype, shape };
  }

  const kernel = (kernelName: 'Sum' | 'Mean') => (inputs: Parameters<KernelTable[string]>[0], attrs: NamedAttrMap) => {
    const x = input(inputs, 'x');
    const ours = x.dtype === 'float32' || util.sizeFromShape(x.shape) === 0;
    return ours ? reduce(kernelName, x, attrs) : runtime.runStock(kernelName, inputs, attrs);
  };
  return { Sum: kernel('Sum'), Mean: kernel('Mean') };
}
