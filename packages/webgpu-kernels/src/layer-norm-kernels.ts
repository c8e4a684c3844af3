import { cutRows, TILE, tilePlace, tilesOf, TILE_THREADS } from './column-tiles.ts';
import { columnSums } from './column-sums.ts';
import { input, numbers, requireRows, requireShapes } from './operands.ts';
import type { Program } from './program.ts';
import { reduction, rowLayout, rowPlace, type RowLayout } from './reduction.ts';
import { produce, type KernelTable, type Runtime } from './runtime.ts';

const forward = (layout: RowLayout): Program => ({
  name: `SelfsupLayerNorm ${layout.lanes}`,
  inputs: { x: 'f32', scale: 'f32', offset: 'f32' },
  outputs: ['y', 'mean', 'inverse'],
  uniforms: { rows: 'u32', columns: 'u32', epsilon: 'f32' },
  threads: layout.threads,
  declarations: reduction({ name: 'total', threads: layout.threads, width: layout.rows }),
  body: `${rowPlace(layout)}
  var sum = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) { sum += x[i]; }
  let average = total(sum, slot) / f32(u.columns);
  var squares = 0.0;
  for (var i = first; i < end; i += ${layout.lanes}u) { let d = x[i] - average; squares += d * d; }
  let factor = inverseSqrt(total(squares, slot) / f32(u.columns) + u.epsilon);
  if (live && lane == 0u) { mean[row] = average; inverse[row] = factor; }
  var c = lane;
  for (var i = first; i < end; i += ${layout.lanes}u) {
    y[i] = (x[i] - average) * factor * scale[c] + offset[c];
    c += ${layout.lanes}u;
  }`,
});

/**
 * The first workgroups go along the rows, for dx; the others down tiles of columns, for the gradients of scale and offset: sums of all rows where there is
 * one block of them, else parts of sums, which a second program adds up.
 */
const gradient = (layout: RowLayout, inParts: boolean): Program => ({
  name: `SelfsupLayerNormGrad ${layout.lanes}${inParts ? ' in parts' : ''}`,
  inputs: { dy: 'f32', x: 'f32', mean: 'f32', inverse: 'f32', scale: 'f32' },
  outputs: inParts ? ['dx', 'parts'] : ['dx', 'dScale', 'dOffset'],
  uniforms: { rows: 'u32', columns: 'u32', channels: 'u32', chunk: 'u32', tileGroups: 'u32' },
  threads: TILE_THREADS,
  declarations:
    reduction({ name: 'ofRow', threads: TILE_THREADS, width: layout.rows }) +
    reduction({ name: 'ofColumn', threads: TILE_THREADS, width: TILE }),
  body: `
  if (group < u.tileGroups) {${tilePlace}
    var sum = 0.0;
    var slope = 0.0;
    for (var r = firstRow + rowLane; r < endRow; r += ROW_LANES) {
      let i = r * u.channels + channel;
      sum += dy[i];
      slope += dy[i] * ((x[i] - mean[r]) * inverse[r]);
    }
    let sum0 = ofColumn(sum, thread);
    let slope0 = ofColumn(slope, thread);
    if (live && rowLane == 0u) {
      ${
        inParts
          ? 'parts[2u * block * u.channels + channel] = slope0; parts[(2u * block + 1u) * u.channels + channel] = sum0;'
          : 'dScale[channel] = slope0; dOffset[channel] = sum0;'
      }
    }
    return;
  }
  ${rowPlace(layout, 'u.tileGroups')}
  let at = min(row, u.rows - 1u);
  let average = mean[at];
  let factor = inverse[at];
  var level = 0.0;
  var along = 0.0;
  var c = lane;
  for (var i = first; i < end; i += ${layout.lanes}u) {
    let inner = dy[i] * scale[c];
    level += inner;
    along += inner * ((x[i] - average) * factor);
    c += ${layout.lanes}u;
  }
  let level0 = ofRow(level, slot) / f32(u.columns);
  let along0 = ofRow(along, slot) / f32(u.columns);
  c = lane;
  for (var i = first; i < end; i += ${layout.lanes}u) {
    dx[i] = (dy[i] * scale[c] - level0 - (x[i] - average) * factor * along0) * factor;
    c += ${layout.lanes}u;
  }`,
});

/**
 * Layer normalization over the last axis.
 *
 * SelfsupLayerNorm: inputs `x [..., features]`, `scale [features]`, `offset [features]`, attribute `epsilon` (default 1e-5) → `[y, mean, inverse]`, the
 * last two `[rows]`, inverse = 1/√(biased variance + epsilon).
 * SelfsupLayerNormGrad: inputs `dy`, `x`, `mean`, `inverse`, `scale` → `[dx, dScale, dOffset]`. One dispatch up to 1024 rows, else two.
 */
export function layerNormKernels(runtime: Runtime): KernelTable {
  return {
    SelfsupLayerNorm(inputs, attrs) {
      const { tensor: x, rows, columns } = requireRows('SelfsupLayerNorm', inputs, { name: 'x' });
      requireShapes('SelfsupLayerNorm', inputs, { scale: [columns], offset: [columns] });
      const { epsilon } = numbers(attrs, { epsilon: 1e-5 });
      const layout = rowLayout(columns);
      return produce(runtime, [x.shape, [rows], [rows]], (outputs) => {
        if (rows === 0) return;
        const uniforms = { rows, columns, epsilon };
        const operands = [x, input(inputs, 'scale'), input(inputs, 'offset')];
        runtime.dispatch(forward(layout), { inputs: operands, outputs, uniforms, groups: Math.ceil(rows / layout.rows) });
      });
    },
    SelfsupLayerNormGrad(inputs) {
      const { tensor: x, rows, columns } = requireRows('SelfsupLayerNormGrad', inputs, { name: 'x' });
      requireShapes('SelfsupLayerNormGrad', inputs, { dy: x.shape, mean: [rows], inverse: [rows], scale: [columns] });
      const layout = rowLayout(columns, TILE_THREADS);
      return produce(runtime, [x.shape, [columns], [columns]], ([dx, dScale, dOffset]) => {
        const { chunk, blocks } = cutRows(rows);
        const tileGroups = tilesOf(columns) * blocks;
        const uniforms = { rows, columns, channels: columns, chunk, tileGroups };
        const groups = tileGroups + Math.ceil(rows / layout.rows);
        const operands = ['dy', 'x', 'mean', 'inverse', 'scale'].map((name) => input(inputs, name));
        columnSums(runtime, { columns, blocks, outputs: [dScale!, dOffset!] }, (outputs) => {
          const program = gradient(layout, blocks > 1);
          runtime.dispatch(program, { inputs: operands, outputs: [dx!, ...outputs], uniforms, groups });
        });
      });
    },
  };
}
