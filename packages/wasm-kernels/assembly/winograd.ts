// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): 36 small matrix products over tiles instead of 9 · 16 multiplications per tile and channel pair.
// Forward and input gradient are the same computation with other filters. Needs channels and columns that are multiples of 4.
import * as g from './geometry';
import { tileRows } from './micro';
import { packBias } from './pack';
import { align, bytes } from './taps';
import { inputTile, outputTile, TILE_SCRATCH } from './winograd-tiles';
import { packForward, packInput, WEIGHT_SCRATCH } from './winograd-weights';

/** Longest run of channels per pass of the register tile. */
const DEPTH: i32 = 512;
/** Channels times columns of a group of filters; 36 points of it are 576 KiB. */
const GROUP_WEIGHTS: i32 = 4096;
/** Up to so many channels times columns, all transformed filters stay in the cache. */
const FEW_WEIGHTS: i32 = 128 * 128;
/** With more of them, up to so many tiles are done as one block. */
const ONE_BLOCK: i32 = 256;
/** Bytes added to rows and planes, so that the planes of a tile do not share cache sets. */
export const PAD: usize = 64;

export function roundUp(n: i32, unit: i32): i32 {
  return ((n + unit - 1) / unit) * unit;
}

export function tilesOf(size: i32): i32 {
  return (size + 3) >> 2;
}

/**
 * Tiles per block, a multiple of 6. Few channels: the block stays in the second-level cache. Many channels and few tiles: one block, so that each filter
 * is used right after its transform.
 */
function blockTiles(channels: i32, columns: i32, tiles: i32): i32 {
  const block = channels * columns <= FEW_WEIGHTS ? 24 : tiles <= ONE_BLOCK ? tiles : 48;
  return roundUp(min(block, tiles), 6);
}

/** Columns whose filters are transformed at a time: all of them, or, where each is used by one block only, as many as stay in the cache. */
function groupColumns(channels: i32, wide: i32, tiles: i32, block: i32): i32 {
  return tiles > block ? wide : min(wide, roundUp(GROUP_WEIGHTS / channels, 8));
}

function planeBytes(rows: i32, rowBytes: usize): usize {
  return <usize>rows * rowBytes + PAD;
}

// Scratch: transforms | zero row | start values | dump row | two pointer tables | filters | input points | output points

/** Bytes of scratch for images of `channels` that become images [height, width] of `columns`. */
export function winogradScratch(channels: i32, columns: i32, height: i32, width: i32): usize {
  const tiles = g.batch * tilesOf(height) * tilesOf(width);
  const block = blockTiles(channels, columns, tiles);
  const wide = roundUp(columns, 8);
  const group = groupColumns(channels, wide, tiles, block);
  return (
    1024 +
    TILE_SCRATCH +
    WEIGHT_SCRATCH +
    bytes(channels) +
    2 * bytes(wide) +
    2 * bytes(block) +
    36 * (bytes(group) * <usize>channels + PAD) +
    36 * (planeBytes(block, bytes(channels) + PAD) + planeBytes(block, bytes(wide) + PAD))
  );
}

function winogradRows(
  source: usize,
  sourceHeight: i32,
  sourceWidth: i32,
  channels: i32,
  weights: usize,
  turned: bool,
  target: usize,
  height: i32,
  width: i32,
  columns: i32,
  padTop: i32,
  padLeft: i32,
  bias: usize,
  act: i32,
  scratch: usize,
): void {
  const tilesHigh = tilesOf(height);
  const tilesWide = tilesOf(width);
  const tiles = g.batch * tilesHigh * tilesWide;
  const block = blockTiles(channels, columns, tiles);
  const wide = roundUp(columns, 8);
  const group = groupColumns(channels, wide, tiles, block);
  const transform = align(scratch);
  const inner = transform + TILE_SCRATCH;
  const zeros = align(inner + WEIGHT_SCRATCH);
  const init = align(zeros + bytes(channels));
  const dump = align(init + bytes(wide));
  const rows = align(dump + bytes(wide));
  const out = rows + bytes(block);
  const filters = align(out + bytes(block));
  const filterPlane = bytes(group) * <usize>channels + PAD;
  const inPoints = align(filters + 36 * filterPlane);
  const inRow = bytes(channels) + PAD;
  const inPlane = planeBytes(block, inRow);
  const outPoints = align(inPoints + 36 * inPlane);
  const outRow = bytes(wide) + PAD;
  const outPlane = planeBytes(block, outRow);

  memory.fill(zeros, 0, max(bytes(channels), 32));
  packBias(bias, columns, init);
  for (let i = 0; i < block; i++) {
    store<usize>(rows + bytes(i), inPoints + <usize>i * inRow);
    store<usize>(out + bytes(i), outPoints + <usize>i * outRow);
  }
  const sourceBytes = <usize>(sourceHeight * sourceWidth) * bytes(channels);
  const targetBytes = <usize>(height * width) * bytes(columns);
  for (let first = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    const padded = roundUp(count, 6);
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const column = tile % tilesWide;
      const row = (tile / tilesWide) % tilesHigh;
      const image = source + <usize>(tile / tilesWide / tilesHigh) * sourceBytes;
      const to = inPoints + <usize>i * inRow;
      inputTile(image, sourceHeight, sourceWidth, bytes(channels), row * 4 - padTop, column * 4 - padLeft, zeros, to, inPlane, transform);
    }
    for (let j = 0; j < columns; j += group) {
      const end = min(j + group, columns);
      if (group < wide || first == 0) {
        if (turned) packInput(weights, j, end, filters, filterPlane, inner);
        else packForward(weights, j, end, filters, filterPlane, inner);
      }
      multiplyPoints(rows, channels, padded, filters, filterPlane, inPlane, j, end, zeros, out, outPlane);
    }
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const column = tile % tilesWide;
      const row = (tile / tilesWide) % tilesHigh;
      const image = target + <usize>(tile / tilesWide / tilesHigh) * targetBytes;
      const from = outPoints + <usize>i * outRow;
      outputTile(from, outPlane, image, height, width, bytes(columns), row * 4, column * 4, init, act, dump, transform);
    }
  }
}

/** For each of the 36 points: rows [padded, channels] times the filters of columns first to end. */
function multiplyPoints(
  rows: usize,
  channels: i32,
  padded: i32,
  filters: usize,
  filterPlane: usize,
  inPlane: usize,
  first: i32,
  end: i32,
  zeros: usize,
  out: usize,
  outPlane: usize,
): void {
  const panelBytes = (<usize>channels) << 5;
  let from: usize = 0;
  let to: usize = 0;
  for (let point = 0; point < 36; point++) {
    for (let k = 0; k < channels; k += DEPTH) {
      const depth = min(DEPTH, channels - k);
      const start = k == 0 ? zeros : 0;
      let panel = filters + ((<usize>k) << 5);
      for (let j = first; j < end; j += 8) {
        for (let r = 0; r < padded; r += 6) {
          const at = (<usize>r) << 2;
          tileRows(rows + at, 0, 1, from + ((<usize>k) << 2), depth, panel, start, out + at, to + ((<usize>j) << 2), 0);
        }
        panel += panelBytes;
      }
    }
    filters += filterPlane;
    from += inPlane;
    to += outPlane;
  }
}

/** y = act(bias + x * w), stride 1: x [n, h, w, c], w [3, 3, c, oc], y [n, oh, ow, oc]. */
export function winogradForward(x: usize, w: usize, y: usize, bias: usize, act: i32, scratch: usize): void {
  winogradRows(
    x,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    w,
    false,
    y,
    g.outHeight,
    g.outWidth,
    g.outChannels,
    g.padTop,
    g.padLeft,
    bias,
    act,
    scratch,
  );
}

/** dx from dy: the forward pass of dy with the filters turned around. */
export function winogradInput(dy: usize, w: usize, dx: usize, scratch: usize): void {
  winogradRows(
    dy,
    g.outHeight,
    g.outWidth,
    g.outChannels,
    w,
    true,
    dx,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    2 - g.padTop,
    2 - g.padLeft,
    0,
    0,
    scratch,
  );
}
