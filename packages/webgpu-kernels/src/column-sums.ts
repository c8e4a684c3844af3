import type { TensorInfo } from '@tensorflow/tfjs-core';
import { TILE, tilePlace, tilesOf, TILE_THREADS } from './column-tiles.ts';
import type { Program } from './program.ts';
import { reduction } from './reduction.ts';
import { withScratch, type Runtime } from './runtime.ts';

const addParts: Program = {
  name: 'selfsup sums of parts',
  inputs: { parts: 'f32' },
  outputs: ['a', 'b'],
  uniforms: { rows: 'u32', channels: 'u32', chunk: 'u32' },
  threads: TILE_THREADS,
  declarations: reduction({ name: 'total', threads: TILE_THREADS, width: TILE }),
  body: `${tilePlace}
  var first = 0.0;
  var second = 0.0;
  for (var r = rowLane; r < endRow; r += ROW_LANES) {
    first += parts[2u * r * u.channels + channel];
    second += parts[(2u * r + 1u) * u.channels + channel];
  }
  let first0 = total(first, thread);
  let second0 = total(second, thread);
  if (live && rowLane == 0u) { a[channel] = first0; b[channel] = second0; }`,
};

/**
 * Two sums per column, of rows in blocks. `fill` writes them to what it is given: with one block the two outputs; with more one array
 * `[blocks, 2, columns]` of parts, which are then added up in a tree of a fixed shape.
 */
export function columnSums(
  runtime: Runtime,
  { columns, blocks, outputs }: { columns: number; blocks: number; outputs: readonly [TensorInfo, TensorInfo] },
  fill: (outputs: readonly TensorInfo[]) => void,
): void {
  if (blocks === 1) {
    fill(outputs);
    return;
  }
  withScratch(runtime, 2 * blocks * columns, (parts) => {
    fill([parts]);
    const uniforms = { rows: blocks, channels: columns, chunk: blocks };
    runtime.dispatch(addParts, { inputs: [parts], outputs, uniforms, groups: tilesOf(columns) });
  });
}
