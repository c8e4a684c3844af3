// Filter gradient of a 3×3 convolution of stride 1 or 2 by the transpose of Winograd's algorithm: for each point the product of all tiles of x and dy.
import * as g from './geometry';
import { tileColumns } from './micro';
import { align, bytes } from './taps';
import { place, seats, team } from './team';
import { PANEL, panelColumns, PANEL_BYTES, panelWidth } from './tile-shape';
import { PAD, roundUp, tilesOf } from './winograd-blocks';
import { STRIDED_TILE_SCRATCH, stridedGradientTile, stridedInputTile } from './winograd-strided-tiles';
import { gradientTile, inputTile } from './winograd-tiles';
import { unpackGradient, WEIGHT_SCRATCH } from './winograd-weights';

/** Channels times columns of a group of sums; 36 points of it are 1.1 MiB. */
const GROUP_SUMS: i32 = 8192;

/** Points per axis. */
function axisPoints(): i32 {
  return g.strideHeight == 2 ? 9 : 6;
}

/** Tiles per block; with many channels all at once, because the sums of all points are read and written once per block. */
function blockTiles(tiles: i32): i32 {
  const pairs = g.inChannels * g.outChannels;
  const strided = g.strideHeight == 2;
  if (pairs > 256 * 256 && tiles <= (strided ? 32 : 256)) return tiles;
  return min(pairs <= 128 * 128 || strided ? 48 : 96, tiles);
}

/** Output channels that are summed at a time: all of them, or, where one block holds all tiles, as many as stay in the cache. */
function groupColumns(wide: i32, tiles: i32, block: i32): i32 {
  return tiles > block ? wide : min(wide, roundUp(GROUP_SUMS / g.inChannels, PANEL));
}

function sumRowBytes(group: i32): usize {
  return bytes(group) + (group > 32 ? PAD : 0);
}

/** Channels are dealt out so that a member's begin on a whole tile of sums and on a whole vector. */
const UNIT: i32 = 12;

function groupsOf(n: i32, unit: i32): i32 {
  return (n + unit - 1) / unit;
}

/**
 * Members that share the output channels; the rest of the team's factors share the input channels. Each transforms the tiles of its own channels of x and
 * dy, so that what is shared of one is done more than once of the other.
 */
function columnMembers(): i32 {
  const panels = groupsOf(g.outChannels, PANEL);
  let members = team;
  while (members > 1 && (team % members != 0 || members > panels)) members--;
  return members;
}

// Scratch of a member: transforms | zero row | points of x | points of dy | sums

/** Bytes of scratch for `winogradFilter` with the geometry set. */
export function winogradFilterScratch(): usize {
  return <usize>seats * ownBytes();
}

function ownBytes(): usize {
  const tiles = g.batch * tilesOf(g.outHeight, 4) * tilesOf(g.outWidth, 4);
  const block = blockTiles(tiles);
  const channels = roundUp(g.inChannels, 6);
  const wide = panelColumns(g.outChannels);
  const group = groupColumns(wide, tiles, block);
  const points = <usize>(axisPoints() * axisPoints());
  return (
    1024 +
    STRIDED_TILE_SCRATCH +
    WEIGHT_SCRATCH +
    max(bytes(max(channels, wide)), PANEL_BYTES) +
    points * (<usize>block * (bytes(channels) + PAD) + PAD) +
    points * (<usize>block * (bytes(wide) + PAD) + PAD) +
    36 * (<usize>channels * sumRowBytes(group) + PAD)
  );
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function winogradFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const tilesHigh = tilesOf(g.outHeight, 4);
  const tilesWide = tilesOf(g.outWidth, 4);
  const tiles = g.batch * tilesHigh * tilesWide;
  const block = blockTiles(tiles);
  // This member's channels and columns
  const across = columnMembers();
  const down = team / across;
  const panels = groupsOf(g.outChannels, PANEL);
  const firstColumn = min(((panels * (place() % across)) / across) * PANEL, g.outChannels);
  const lastColumn = min(((panels * ((place() % across) + 1)) / across) * PANEL, g.outChannels);
  const units = groupsOf(g.inChannels, UNIT);
  const firstChannel = min(((units * (place() / across)) / down) * UNIT, g.inChannels);
  const lastChannel = min(((units * (place() / across + 1)) / down) * UNIT, g.inChannels);
  const ownChannels = lastChannel - firstChannel;
  const ownColumns = lastColumn - firstColumn;
  if (ownChannels <= 0 || ownColumns <= 0) return;
  const channels = roundUp(ownChannels, 6);
  const wide = panelColumns(ownColumns);
  const group = min(groupColumns(panelColumns(g.outChannels), tiles, block), wide);
  const transform = align(scratch + <usize>place() * ownBytes());
  const inner = transform + STRIDED_TILE_SCRATCH;
  const zeros = align(inner + WEIGHT_SCRATCH);
  const zeroBytes = max(bytes(max(roundUp(g.inChannels, 6), panelColumns(g.outChannels))), PANEL_BYTES);
  const xPoints = align(zeros + zeroBytes);
  const xRow = bytes(channels) + PAD;
  const xPlane = <usize>block * xRow + PAD;
  const points = <usize>(axisPoints() * axisPoints());
  const dyPoints = align(xPoints + points * xPlane);
  const dyRow = bytes(wide) + PAD;
  const dyPlane = <usize>block * dyRow + PAD;
  const sums = align(dyPoints + points * dyPlane);
  const sumRow = sumRowBytes(group);
  const sumPlane = <usize>channels * sumRow + PAD;
  const xBytes = <usize>(g.inHeight * g.inWidth) * bytes(g.inChannels);
  const dyBytes = <usize>(g.outHeight * g.outWidth) * bytes(g.outChannels);
  const xPart = bytes(ownChannels);
  const dyPart = bytes(ownColumns);
  memory.fill(zeros, 0, zeroBytes);
  for (let first = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const left = (tile % tilesWide) << 2;
      const top = ((tile / tilesWide) % tilesHigh) << 2;
      const image = <usize>(tile / tilesWide / tilesHigh);
      const from = x + image * xBytes + bytes(firstChannel);
      const grad = dy + image * dyBytes + bytes(firstColumn);
      const to = xPoints + <usize>i * xRow;
      const by = dyPoints + <usize>i * dyRow;
      const row = top * g.strideHeight - g.padTop;
      const column = left * g.strideHeight - g.padLeft;
      if (g.strideHeight == 2) {
        stridedInputTile(from, g.inHeight, g.inWidth, bytes(g.inChannels), xPart, row, column, false, 1, 1, zeros, to, xPlane, transform);
        stridedGradientTile(grad, g.outHeight, g.outWidth, bytes(g.outChannels), dyPart, top, left, zeros, by, dyPlane, transform);
      } else {
        inputTile(from, g.inHeight, g.inWidth, bytes(g.inChannels), xPart, row, column, zeros, to, xPlane, transform);
        gradientTile(grad, g.outHeight, g.outWidth, bytes(g.outChannels), dyPart, top, left, zeros, by, dyPlane, transform);
      }
    }
    const start: usize = first == 0 ? zeros : 0;
    const last = first + count == tiles;
    for (let j = 0; j < ownColumns; j += group) {
      const end = min(j + group, wide);
      sumPoints(xPoints, xRow, xPlane, count, ownChannels, dyPoints, dyRow, dyPlane, j, end, wide, start, sums, sumRow, sumPlane);
      if (last) {
        const from = firstColumn + j;
        unpackGradient(sums, sumPlane, sumRow, firstChannel, ownChannels, from, min(firstColumn + end, lastColumn), dw, inner);
      }
    }
  }
}

/** For each point the sum over `count` tiles of x (`channels` of them) times dy (columns first to end of `wide`); points of one filter point are added up. */
function sumPoints(
  a: usize,
  aRow: usize,
  aPlane: usize,
  count: i32,
  channels: i32,
  b: usize,
  bRow: usize,
  bPlane: usize,
  first: i32,
  end: i32,
  wide: i32,
  start: usize,
  sums: usize,
  sumRow: usize,
  sumPlane: usize,
): void {
  const axis = axisPoints();
  for (let point = 0; point < axis * axis; point++) {
    const row = point / axis;
    const column = point % axis;
    const begin: usize = row > 5 || column > 5 ? 0 : start;
    const sum = sums + <usize>(min(row, 5) * 6 + min(column, 5)) * sumPlane;
    for (let c = 0; c < channels; c += 6) {
      const to = sum + <usize>c * sumRow;
      for (let j = first; j < end; j += PANEL) {
        tileColumns(panelWidth(wide - j), a + bytes(c), aRow, count, b + bytes(j), bRow, begin, to + bytes(j - first), sumRow, 0);
      }
    }
    a += aPlane;
    b += bPlane;
  }
}
