import { backend_util, util, type NamedAttrMap, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { cutRows, TILE, tilePlace, tilesOf, TILE_THREADS } from './column-tiles.ts';
import { input } from './operands.ts';
import type { Program } from './program.ts';
import { reduction } from './reduction.ts';
import { produce, withScratch, type KernelTable, type Runtime } from './runtime.ts';

/** Sums over the middle of [outer, rows, channels], in blocks of rows: to [outer, blocks, channels]. */
const program: Program = {
  name: 'sums of leading axes',
  inputs: { x: 'f32' },
  outputs: ['y'],
  uniforms: { rows: 'u32', channels: 'u32', chunk: 'u32', blocks: 'u32', divisor: 'f32' },
  threads: TILE_THREADS,
  declarations: reduction({ name: 'total', threads: TILE_THREADS, width: TILE }),
  body: `${tilePlace}
  let outer = block / u.blocks;
  let start = (block % u.blocks) * u.chunk;
  let end = select(start, min(start + u.chunk, u.rows), live);
  var sum = 0.0;
  for (var r = start + rowLane; r < end; r += ROW_LANES) { sum += x[(outer * u.rows + r) * u.channels + channel]; }
  let sum0 = total(sum, thread);
  if (live && rowLane == 0u) { y[block * u.channels + channel] = sum0 / u.divisor; }`,
};

interface View {
  readonly outer: number;
  readonly rows: number;
  readonly channels: number;
}

/** `x` as [outer, rows, channels] with the rows summed over; none where that is another order, or where nothing stays behind them. */
function viewOf(x: TensorInfo, axes: readonly number[]): View | undefined {
  const long = x.shape.map((_, axis) => axis).filter((axis) => x.shape[axis] !== 1);
  const places = long.flatMap((axis, place) => (axes.includes(axis) ? [place] : []));
  const [first, last] = [places[0], places.at(-1)];
  if (first === undefined || last === undefined || last - first + 1 !== places.length || last === long.length - 1) return undefined;
  const product = (from: number, to: number): number => long.slice(from, to).reduce((size, axis) => size * x.shape[axis]!, 1);
  return { outer: product(0, first), rows: product(first, last + 1), channels: product(last + 1, long.length) };
}

/**
 * Sum and Mean of float32 over neighboring axes that are not the last: the gradient of a bias, an average over an image. tfjs transposes the whole tensor
 * first. Other axes and dtypes, and small tensors that are not on the device yet, stay with the stock kernels.
 */
export function leadingSumsKernels(runtime: Runtime): KernelTable {
  const reduce = (inputs: NamedTensorInfoMap, attrs: NamedAttrMap, isMean: boolean): TensorInfo | undefined => {
    const x = input(inputs, 'x');
    const axes = util.parseAxisParam(attrs['axis'] as number | number[], x.shape);
    const view = x.dtype === 'float32' && util.sizeFromShape(x.shape) > 0 && runtime.isOnDevice(x) ? viewOf(x, axes) : undefined;
    if (!view) return undefined;
    const { outer, rows, channels } = view;
    const [reduced] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = attrs['keepDims'] === true ? backend_util.expandShapeToKeepDim(reduced, axes) : reduced;
    const { chunk, blocks } = cutRows(rows);
    const last = { channels, blocks: 1, divisor: isMean ? rows : 1 };
    return produce(runtime, [shape], (outputs) => {
      const groups = outer * tilesOf(channels);
      if (blocks === 1) {
        runtime.dispatch(program, { inputs: [x], outputs, uniforms: { ...last, rows, chunk }, groups });
        return;
      }
      withScratch(runtime, outer * blocks * channels, (parts) => {
        const uniforms = { rows, channels, chunk, blocks, divisor: 1 };
        runtime.dispatch(program, { inputs: [x], outputs: [parts], uniforms, groups: groups * blocks });
        runtime.dispatch(program, { inputs: [parts], outputs, uniforms: { ...last, rows: blocks, chunk: blocks }, groups });
      });
    })[0]!;
  };
  return {
    Sum: (inputs, attrs) => reduce(inputs, attrs, false),
    Mean: (inputs, attrs) => reduce(inputs, attrs, true),
  };
}
