import { type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo, backend_util, util } from '@tensorflow/tfjs-core';
import { refuse } from './check-operands.ts';
import { SelfsupError } from './errors.ts';
import { input, produce, type KernelTable, type Runtime } from './runtime.ts';

function gatherV2(runtime: Runtime, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
  const x = input(inputs, 'x');
  const indices = input(inputs, 'indices');
  if (x.dtype === 'string' || x.dtype === 'complex64' || indices.dtype !== 'int32') return runtime.runStock('GatherV2', inputs, attrs);
  const axis = util.parseAxisParam(attrs['axis'] as number, x.shape)[0]!;
  const info = backend_util.segment_util.collectGatherOpShapeInfo(x, indices, axis, (attrs['batchDims'] as number | undefined) ?? 0);
  const count = util.sizeFromShape(indices.shape) / Math.max(info.batchSize, 1);
  return produce(runtime, info.outputShape, x.dtype, (out) => {
    const bad = runtime.kernels.gather(
      runtime.offset(x),
      runtime.offset(indices),
      out,
      info.batchSize,
      info.outerSize,
      info.dimSize,
      count,
      info.sliceSize * util.bytesPerElement(x.dtype),
    );
    if (bad >= 0) {
      const index = runtime.backend.readSync(indices.dataId)[bad]!;
      throw new SelfsupError('SELFSUP_SHAPE', `GatherV2: the index value ${index} is not in [0, ${info.dimSize - 1}]`);
    }
  });
}

function unsortedSegmentSum(runtime: Runtime, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
  const x = input(inputs, 'x');
  const ids = input(inputs, 'segmentIds');
  if (ids.shape.length !== 1 || ids.shape[0] !== x.shape[0]) {
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `unsortedSegmentSum: \`segmentIds\` must have shape [${x.shape[0] ?? ''}], one for each row of \`x\`, got [${ids.shape.join(', ')}]`,
    );
  }
  if (ids.dtype !== 'int32') refuse('unsortedSegmentSum', 'segmentIds', 'be int32', ids.dtype);
  const segments = attrs['numSegments'] as number;
  if (!Number.isSafeInteger(segments) || segments < 0) {
    refuse('unsortedSegmentSum', 'numSegments', 'be a whole number of at least 0', String(segments));
  }
  const row = x.shape.slice(1);
  const isFloat = x.dtype === 'float32';
  const source = x.dtype === 'bool' ? runtime.run('Cast', { x }, { dtype: 'int32' }) : x;
  try {
    return produce(runtime, [segments, ...row], isFloat ? 'float32' : 'int32', (out) => {
      const { kernels } = runtime;
      const [rows, size] = [ids.shape[0]!, util.sizeFromShape(row)];
      const [from, to] = [runtime.offset(source), runtime.offset(ids)];
      if (!isFloat) kernels.segmentSumInt(from, to, out, rows, size, segments);
      else kernels.segmentSum(from, to, out, rows, size, segments, runtime.scratch(kernels.segmentSumScratch(rows, size, segments)));
    });
  } finally {
    if (source !== x) runtime.release(source);
  }
}

/** GatherV2 with batch dimensions, and UnsortedSegmentSum, its gradient. */
export function gatherKernels(runtime: Runtime): KernelTable {
  return {
    GatherV2: (inputs, attrs) => gatherV2(runtime, inputs, attrs),
    UnsortedSegmentSum: (inputs, attrs) => unsortedSegmentSum(runtime, inputs, attrs),
  };
}
