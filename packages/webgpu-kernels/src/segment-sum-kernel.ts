import { util } from '@tensorflow/tfjs-core';
import { elementwise } from './elementwise.ts';
import { input } from './operands.ts';
import type { Program } from './program.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const THREADS = 256;

const fillWithZeros = elementwise({ name: 'UnsortedSegmentSum of nothing', inputs: {}, outputs: ['y'], uniforms: {}, body: 'y[i] = 0.0;' });

/** One workgroup for each row and 256 columns: where a segment comes up first, its rows are added in their order. */
const sums: Program = {
  name: 'UnsortedSegmentSum',
  inputs: { x: 'f32', ids: 'i32' },
  outputs: ['y'],
  uniforms: { rows: 'u32', columns: 'u32', segments: 'i32', chunks: 'u32' },
  threads: THREADS,
  body: `
  let row = group / u.chunks;
  let column = (group % u.chunks) * ${THREADS}u + thread;
  let id = ids[row];
  if (id < 0 || id >= u.segments || column >= u.columns) { return; }
  for (var j = 0u; j < row; j++) { if (ids[j] == id) { return; } }
  var sum = 0.0;
  for (var j = row; j < u.rows; j++) { if (ids[j] == id) { sum += x[j * u.columns + column]; } }
  y[u32(id) * u.columns + column] = sum;`,
};

/**
 * UnsortedSegmentSum, the gradient of a gather: inputs `x [rows, ...]` and `segmentIds` int32 `[rows]`, attribute `numSegments` → `[numSegments, ...]`. tfjs's
 * own adds by atomic operations in whatever order the GPU comes to them; this one adds rows in their order, so that a run is repeated bit by bit. Integers go
 * to tfjs's kernel.
 */
export function segmentSumKernel(runtime: Runtime): KernelTable {
  return {
    UnsortedSegmentSum(inputs, attrs) {
      const [x, ids] = [input(inputs, 'x'), input(inputs, 'segmentIds')];
      const rows = util.sizeFromShape(ids.shape);
      if (x.dtype !== 'float32' || ids.dtype !== 'int32' || ids.shape.length !== 1) return undefined;
      const segments = attrs['numSegments'] as number;
      const inner = x.shape.slice(1);
      const columns = util.sizeFromShape(inner);
      return produce(runtime, [[segments, ...inner]], (outputs) => {
        fillWithZeros(runtime, { inputs: [], outputs, uniforms: {} });
        if (rows * segments * columns === 0) return;
        const chunks = Math.ceil(columns / THREADS);
        runtime.dispatch(sums, { inputs: [x, ids], outputs, uniforms: { rows, columns, segments, chunks }, groups: rows * chunks });
      })[0]!;
    },
  };
}
