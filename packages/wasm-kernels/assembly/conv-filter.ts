// Filter gradient of the convolution: blocks of output pixels, for each all taps, channels and columns.
import { COLUMN_BLOCK, COLUMN_TILE, columnsBlock, packOperand } from './blocks';
import * as g from './geometry';
import { packBias } from './pack';
import { gatherWindows, sourcePointers, TAP_BYTES } from './pointers';
import { align, bytes, copyStride, few, writeAllTaps } from './taps';
import { joinAgain, leaveTeam, place, seats, shareFrom, shareTo } from './team';
import { PANEL, panelColumns } from './tile-shape';

/** Bytes of scratch for `convFilter` with the geometry set. */
export function convFilterScratch(): usize {
  return <usize>seats * ownBytes();
}

function ownBytes(): usize {
  const taps = g.filterHeight * g.filterWidth;
  const copies = few(g.inChannels, taps) ? <usize>COLUMN_BLOCK * copyStride(g.inChannels, taps) + 64 : 0;
  return (
    1024 +
    COLUMN_TILE +
    <usize>taps * TAP_BYTES +
    bytes(g.outChannels) +
    128 +
    bytes(g.inChannels) +
    bytes(COLUMN_BLOCK) * <usize>taps +
    copies +
    <usize>COLUMN_BLOCK * (bytes(g.outChannels) + 32)
  );
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function convFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const from = shareFrom(g.outChannels, PANEL);
  const to = shareTo(g.outChannels, PANEL);
  const own = scratch + <usize>place() * ownBytes();
  const count = leaveTeam();
  if (from < to) filterColumns(x, dy + bytes(from), dw + bytes(from), to - from, own);
  joinAgain(count);
}

/** The same for `columns` output channels, with which `dy` and `dw` begin. */
function filterColumns(x: usize, dy: usize, dw: usize, columns: i32, scratch: usize): void {
  const channels = g.inChannels;
  const ld = bytes(g.outChannels);
  const tile = align(scratch);
  const records = tile + COLUMN_TILE;
  const taps = writeAllTaps(records);
  const init = align(records + <usize>taps * TAP_BYTES);
  const zeros = align(init + bytes(panelColumns(columns)));
  const tab = align(zeros + bytes(channels));
  const copies = align(tab + bytes(COLUMN_BLOCK) * <usize>taps);
  const gathered = few(channels, taps);
  const copyBytes = copyStride(channels, taps);
  const packed = align(copies + (gathered ? <usize>COLUMN_BLOCK * copyBytes : 0));
  memory.fill(zeros, 0, bytes(channels));
  packBias(0, columns, init);
  const pixels = g.batch * g.outHeight * g.outWidth;
  for (let p = 0; p < pixels; p += COLUMN_BLOCK) {
    const count = min(COLUMN_BLOCK, pixels - p);
    packOperand(dy + <usize>p * ld, 0, 1, count, columns, ld, false, count, packed);
    const start: usize = p == 0 ? init : 0;
    if (gathered) {
      gatherWindows(tab, p, count, g.outHeight, g.outWidth, x, g.inHeight, g.inWidth, bytes(channels), copies, copyBytes);
      columnsBlock(tab, 0, 1, channels * taps, count, packed, columns, ld, start, dw, 0, tile);
    } else {
      sourcePointers(
        tab,
        bytes(COLUMN_BLOCK),
        p,
        count,
        g.outHeight,
        g.outWidth,
        g.strideHeight,
        g.strideWidth,
        x,
        g.inHeight,
        g.inWidth,
        bytes(channels),
        records,
        taps,
        zeros,
      );
      columnsBlock(tab, bytes(COLUMN_BLOCK), taps, channels, count, packed, columns, ld, start, dw, 0, tile);
    }
  }
}
