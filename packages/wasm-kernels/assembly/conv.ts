// Convolution as implicit GEMM: forward and input gradient (by stride phases), channels last.
import { K_BLOCK, packOperand, ROW_BLOCK, rowsBlock } from './blocks';
import * as g from './geometry';
import { packBias } from './pack';
import { gatherRows, gatherWindows, outputPointers, padPointers, sourcePointers, TAP_BYTES } from './pointers';
import { align, bytes, copyStride, few, writeAllTaps } from './taps';
import { barrier, place, seats, shareFrom, shareTo } from './team';
import { panelColumns, TILE_BYTES, TILE_ROWS } from './tile-shape';

// Scratch of a member: tile | records | start values | zero row | pointers (taps) | output pointers | dump row | copies. The packed operand lies behind those
// of all members.

function ownBytes(channels: i32, columns: i32): usize {
  const taps = g.filterHeight * g.filterWidth;
  const copies = few(channels, taps) ? <usize>ROW_BLOCK * copyStride(channels, taps) + 64 : 0;
  return (
    1024 +
    TILE_BYTES +
    <usize>taps * TAP_BYTES +
    2 * (bytes(columns) + 128) +
    bytes(channels) +
    bytes(ROW_BLOCK) * <usize>(taps + 1) +
    copies
  );
}

/** Bytes of scratch for `convForward` and `convInput` with the geometry set. */
export function convRowsScratch(channels: i32, columns: i32): usize {
  const taps = g.filterHeight * g.filterWidth;
  return <usize>seats * ownBytes(channels, columns) + <usize>taps * <usize>channels * bytes(panelColumns(columns)) + 64;
}

/** Where a member writes its list of taps. */
function recordsOf(channels: i32, columns: i32, scratch: usize): usize {
  return align(scratch + <usize>place() * ownBytes(channels, columns)) + TILE_BYTES;
}

/** One strided family of output pixels: a grid over all images, with its taps. */
function convRows(
  source: usize,
  height: i32,
  width: i32,
  channels: i32,
  weights: usize,
  ld: usize,
  transposed: bool,
  taps: i32,
  gridHeight: i32,
  gridWidth: i32,
  strideH: i32,
  strideW: i32,
  target: usize,
  targetHeight: i32,
  targetWidth: i32,
  columns: i32,
  stepH: i32,
  stepW: i32,
  fromH: i32,
  fromW: i32,
  bias: usize,
  act: i32,
  scratch: usize,
): void {
  const records = recordsOf(channels, columns, scratch);
  const tile = records - TILE_BYTES;
  const init = align(records + <usize>taps * TAP_BYTES);
  const zeros = align(init + bytes(panelColumns(columns)));
  const tab = align(zeros + bytes(channels));
  const out = tab + bytes(ROW_BLOCK) * <usize>taps;
  const dump = align(out + bytes(ROW_BLOCK));
  const copies = align(dump + bytes(panelColumns(columns)));
  const gathered = few(channels, taps);
  const copyBytes = copyStride(channels, taps);
  const packed = align(scratch + <usize>seats * ownBytes(channels, columns));
  // Gathered rows are one tap of taps * channels: packed without a break, in one pass.
  const kBlock = gathered ? channels * taps : K_BLOCK;
  memory.fill(zeros, 0, bytes(channels));
  packBias(bias, columns, init);
  packOperand(weights, records, taps, channels, columns, ld, transposed, kBlock, packed);
  barrier();
  const pixels = g.batch * gridHeight * gridWidth;
  const last = shareTo(pixels, TILE_ROWS);
  for (let p = shareFrom(pixels, TILE_ROWS); p < last; p += ROW_BLOCK) {
    const count = min(ROW_BLOCK, last - p);
    const padded = ((count + 5) / 6) * 6;
    outputPointers(out, p, count, gridHeight, gridWidth, stepH, stepW, fromH, fromW, target, targetHeight, targetWidth, bytes(columns));
    padPointers(out, count, padded, dump);
    if (gathered && !transposed) {
      gatherWindows(tab, p, count, gridHeight, gridWidth, source, height, width, bytes(channels), copies, copyBytes);
    } else {
      sourcePointers(
        tab,
        bytes(ROW_BLOCK),
        p,
        count,
        gridHeight,
        gridWidth,
        strideH,
        strideW,
        source,
        height,
        width,
        bytes(channels),
        records,
        taps,
        zeros,
      );
    }
    if (gathered) {
      if (transposed) gatherRows(tab, bytes(ROW_BLOCK), taps, count, bytes(channels), copies, copyBytes);
      padPointers(tab, count, padded, copies);
      rowsBlock(tab, 1, channels * taps, kBlock, padded, packed, columns, init, out, 0, act, tile);
    } else {
      for (let t = 0; t < taps; t++) padPointers(tab + <usize>t * bytes(ROW_BLOCK), count, padded, zeros);
      rowsBlock(tab, taps, channels, kBlock, padded, packed, columns, init, out, 0, act, tile);
    }
  }
}

/** y = act(bias + x * w): x [n, h, w, c], w [kh, kw, c, oc], y [n, oh, ow, oc]. */
export function convForward(x: usize, w: usize, y: usize, bias: usize, act: i32, scratch: usize): void {
  const taps = writeAllTaps(recordsOf(g.inChannels, g.outChannels, scratch));
  convRows(
    x,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    w,
    bytes(g.outChannels),
    false,
    taps,
    g.outHeight,
    g.outWidth,
    g.strideHeight,
    g.strideWidth,
    y,
    g.outHeight,
    g.outWidth,
    g.outChannels,
    1,
    1,
    0,
    0,
    bias,
    act,
    scratch,
  );
}

/** dx from dy: pixels with the same remainder modulo the stride see the same taps and form a stride-1 convolution of dy. */
export function convInput(dy: usize, w: usize, dx: usize, scratch: usize): void {
  const records = recordsOf(g.outChannels, g.inChannels, scratch);
  if (someTapless(records)) {
    const row = <usize>g.inHeight * bytes(g.inWidth * g.inChannels);
    const from = <usize>shareFrom(g.batch, 1) * row;
    memory.fill(dx + from, 0, <usize>shareTo(g.batch, 1) * row - from);
  }
  for (let i = 0; i < g.strideHeight && i < g.inHeight; i++) {
    for (let j = 0; j < g.strideWidth && j < g.inWidth; j++) {
      const taps = writePhaseTaps(records, i, j);
      if (taps == 0) continue;
      barrier(); // zeros are written, the packed operand of before is used
      const gridHeight = (g.inHeight - i + g.strideHeight - 1) / g.strideHeight;
      const gridWidth = (g.inWidth - j + g.strideWidth - 1) / g.strideWidth;
      convRows(
        dy,
        g.outHeight,
        g.outWidth,
        g.outChannels,
        w,
        bytes(g.outChannels),
        true,
        taps,
        gridHeight,
        gridWidth,
        1,
        1,
        dx,
        g.inHeight,
        g.inWidth,
        g.inChannels,
        g.strideHeight,
        g.strideWidth,
        i,
        j,
        0,
        0,
        scratch,
      );
    }
  }
}

/** Whether some phase sees no tap at all (stride larger than the window, or sharing a factor with the dilation). */
function someTapless(record: usize): bool {
  for (let i = 0; i < g.strideHeight; i++) {
    for (let j = 0; j < g.strideWidth; j++) {
      if (writePhaseTaps(record, i, j) == 0) return true;
    }
  }
  return false;
}

function writePhaseTaps(record: usize, phaseH: i32, phaseW: i32): i32 {
  const block = bytes(g.inChannels * g.outChannels);
  let taps = 0;
  for (let i = 0; i < g.filterHeight; i++) {
    const y = phaseH + g.padTop - i * g.dilationHeight;
    if (y % g.strideHeight != 0) continue;
    for (let j = 0; j < g.filterWidth; j++) {
      const x = phaseW + g.padLeft - j * g.dilationWidth;
      if (x % g.strideWidth != 0) continue;
      store<i32>(record, y / g.strideHeight);
      store<i32>(record, x / g.strideWidth, 4);
      store<usize>(record, <usize>(i * g.filterWidth + j) * block, 8);
      record += TAP_BYTES;
      taps++;
    }
  }
  return taps;
}
