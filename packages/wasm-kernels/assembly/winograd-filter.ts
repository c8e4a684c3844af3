// Filter gradient of a 3×3 convolution of stride 1 by the transpose of Winograd's F(4×4, 3×3): for each point the product of all tiles of x and dy.
import * as g from './geometry';
import { tileColumns } from './micro';
import { align, bytes } from './taps';
import { PAD, roundUp, tilesOf } from './winograd';
import { gradientTile, inputTile, TILE_SCRATCH } from './winograd-tiles';
import { unpackGradient, WEIGHT_SCRATCH } from './winograd-weights';

/** Up to so many tiles are done as one block. */
const ONE_BLOCK: i32 = 256;
/** Channels times columns of a group of sums; 36 points of it are 1.1 MiB. */
const GROUP_SUMS: i32 = 8192;

/** Tiles per block: all at once where they are few, because the sums of all points are read and written once per block. */
function blockTiles(tiles: i32): i32 {
  return min(tiles <= ONE_BLOCK ? tiles : 96, tiles);
}

/** Output channels that are summed at a time: all of them, or, where one block holds all tiles, as many as stay in the cache. */
function groupColumns(wide: i32, tiles: i32, block: i32): i32 {
  return tiles > block ? wide : min(wide, roundUp(GROUP_SUMS / g.inChannels, 8));
}

function sumRowBytes(group: i32): usize {
  return bytes(group) + (group > 32 ? PAD : 0);
}

// Scratch: transforms | zero row | points of x | points of dy | sums

/** Bytes of scratch for `winogradFilter` with the geometry set. */
export function winogradFilterScratch(): usize {
  const tiles = g.batch * tilesOf(g.outHeight) * tilesOf(g.outWidth);
  const block = blockTiles(tiles);
  const channels = roundUp(g.inChannels, 6);
  const wide = roundUp(g.outChannels, 8);
  const group = groupColumns(wide, tiles, block);
  return (
    1024 +
    TILE_SCRATCH +
    WEIGHT_SCRATCH +
    bytes(max(channels, wide)) +
    36 * (<usize>block * (bytes(channels) + PAD) + PAD) +
    36 * (<usize>block * (bytes(wide) + PAD) + PAD) +
    36 * (<usize>channels * sumRowBytes(group) + PAD)
  );
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function winogradFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const tilesHigh = tilesOf(g.outHeight);
  const tilesWide = tilesOf(g.outWidth);
  const tiles = g.batch * tilesHigh * tilesWide;
  const block = blockTiles(tiles);
  const channels = roundUp(g.inChannels, 6);
  const wide = roundUp(g.outChannels, 8);
  const transform = align(scratch);
  const inner = transform + TILE_SCRATCH;
  const zeros = align(inner + WEIGHT_SCRATCH);
  const xPoints = align(zeros + bytes(max(channels, wide)));
  const xRow = bytes(channels) + PAD;
  const xPlane = <usize>block * xRow + PAD;
  const dyPoints = align(xPoints + 36 * xPlane);
  const dyRow = bytes(wide) + PAD;
  const dyPlane = <usize>block * dyRow + PAD;
  const sums = align(dyPoints + 36 * dyPlane);
  const group = groupColumns(wide, tiles, block);
  const sumRow = sumRowBytes(group);
  const sumPlane = <usize>channels * sumRow + PAD;
  memory.fill(zeros, 0, bytes(max(channels, wide)));
  for (let first = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const left = (tile % tilesWide) << 2;
      const top = ((tile / tilesWide) % tilesHigh) << 2;
      const image = tile / tilesWide / tilesHigh;
      inputTile(
        x + <usize>image * <usize>(g.inHeight * g.inWidth) * bytes(g.inChannels),
        g.inHeight,
        g.inWidth,
        bytes(g.inChannels),
        top - g.padTop,
        left - g.padLeft,
        zeros,
        xPoints + <usize>i * xRow,
        xPlane,
        transform,
      );
      gradientTile(
        dy + <usize>image * <usize>(g.outHeight * g.outWidth) * bytes(g.outChannels),
        g.outHeight,
        g.outWidth,
        bytes(g.outChannels),
        top,
        left,
        zeros,
        dyPoints + <usize>i * dyRow,
        dyPlane,
        transform,
      );
    }
    const start: usize = first == 0 ? zeros : 0;
    const last = first + count == tiles;
    for (let j = 0; j < g.outChannels; j += group) {
      const end = min(j + group, wide);
      sumPoints(xPoints, xRow, xPlane, count, dyPoints, dyRow, dyPlane, j, end, start, sums, sumRow, sumPlane);
      if (last) unpackGradient(sums, sumPlane, sumRow, j, min(end, g.outChannels), dw, inner);
    }
  }
}

/** For each of the 36 points: the sum over `count` tiles of x (all channels) times dy (columns first to end). */
function sumPoints(
  a: usize,
  aRow: usize,
  aPlane: usize,
  count: i32,
  b: usize,
  bRow: usize,
  bPlane: usize,
  first: i32,
  end: i32,
  start: usize,
  sums: usize,
  sumRow: usize,
  sumPlane: usize,
): void {
  for (let point = 0; point < 36; point++) {
    for (let row = 0; row < g.inChannels; row += 6) {
      const to = sums + <usize>row * sumRow;
      for (let j = first; j < end; j += 8) {
        tileColumns(a + bytes(row), aRow, count, b + bytes(j), bRow, start, to + bytes(j - first), sumRow, 0);
      }
    }
    a += aPlane;
    b += bPlane;
    sums += sumPlane;
  }
}
