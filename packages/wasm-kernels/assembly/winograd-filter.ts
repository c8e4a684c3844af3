// Filter gradient of a 3×3 convolution of stride 1 or 2 by the transpose of Winograd's algorithm: for each point the product of all tiles of x and dy.
import * as g from './geometry';
import { tileColumns } from './micro';
import { align, bytes } from './taps';
import { barrier, place, seats, shareFrom, shareTo, team } from './team';
import { PANEL, panelColumns, PANEL_BYTES, panelWidth } from './tile-shape';
import { PAD, roundUp, tilesOf } from './winograd-blocks';
import { makesEven, makesOdd, STRIDED_TILE_SCRATCH, stridedGradientTile, stridedInputTile } from './winograd-strided-tiles';
import { ALL, gradientTile, HIGH, inputTile, LOW, readImageRows } from './winograd-tiles';
import { unpackGradient, WEIGHT_SCRATCH } from './winograd-weights';

/** Channels times columns of a group of sums; 36 points of it are 4.5 MiB. With smaller groups the points of all tiles are read more often. */
const GROUP_SUMS: i32 = 32768;

/** Points per axis. */
function axisPoints(): i32 {
  return g.strideHeight == 2 ? 9 : 6;
}

/** Tiles per block; with many channels all at once, because the sums of all points are read and written once per block. */
function blockTiles(tiles: i32): i32 {
  const pairs = g.inChannels * g.outChannels;
  const strided = g.strideHeight == 2;
  if (pairs > 256 * 256 && tiles <= (strided ? 32 : 256)) return tiles;
  if (pairs <= 128 * 128 || strided) return min(48, tiles);
  const blocks = max((tiles + 95) / 96, 1);
  return (tiles + blocks - 1) / blocks; // all alike: a short last one would read and write the sums for little
}

/** Output channels that are summed at a time: all of them, or, where one block holds all tiles, as many as stay in the cache. */
function groupColumns(wide: i32, tiles: i32, block: i32): i32 {
  return tiles > block ? wide : min(wide, roundUp(GROUP_SUMS / g.inChannels, PANEL));
}

/** Channels are dealt out so that a member's begin on a whole tile of sums and on a whole vector. */
const UNIT: i32 = 12;

function groupsOf(n: i32, unit: i32): i32 {
  return (n + unit - 1) / unit;
}

// How a team shares the work. Where one block holds all tiles, members share the transforms, meet, and share the sums. Else each transforms what it needs:
// two members share the points of a cell, each with the transforms of its own half of them, and cells share channels and columns.
let cells: i32 = 1;
let halves: i32 = 1;
/** Cells that share the columns; the rest of the factors of their number shares the channels. */
let across: i32 = 1;

function dealOut(oneBlock: bool): void {
  halves = !oneBlock && (team & 1) == 0 ? 2 : 1;
  cells = team / halves;
  across = 1;
  const panels = groupsOf(g.outChannels, PANEL);
  let least = i32.MAX_VALUE;
  for (let n = 1; n <= cells; n++) {
    if (cells % n != 0 || n > panels) continue;
    // A channel is transformed once for each cell that shares the columns, a column once for each that shares the channels.
    const work = g.inChannels * n + g.outChannels * (cells / n);
    if (work > least) continue;
    least = work;
    across = n;
  }
}

// Scratch of a member: transforms | zero row | points of x and of dy, where it has some of its own | sums. Where one block holds all tiles its points lie
// behind those of all members. The sums of a cell are in the scratch of its first member.

function tilesInAll(): i32 {
  return g.batch * tilesOf(g.outHeight, 4) * tilesOf(g.outWidth, 4);
}

/**
 * Bytes of the points of a tile's channels: whole lines of the cache, and with many channels a padding, so that the rows of a column do not share cache sets.
 * Where channels are no multiple of its rows, the last register tile reads into what follows: the next row, or the padding of the plane.
 */
function rowBytes(channels: i32): usize {
  return ((bytes(channels) + 63) & ~63) + (channels > 64 ? PAD : 0);
}

function pointsBytes(rows: i32, channels: i32): usize {
  return <usize>(axisPoints() * axisPoints()) * (<usize>rows * rowBytes(channels) + PAD) + 64;
}

/** Bytes of the points of a block, with all channels and columns. */
function blockBytes(block: i32): usize {
  return pointsBytes(block, g.inChannels) + pointsBytes(block, panelColumns(g.outChannels));
}

function zeroRowBytes(): usize {
  return max(bytes(max(roundUp(g.inChannels, 6), panelColumns(g.outChannels))), PANEL_BYTES);
}

function ownBytes(tiles: i32, block: i32): usize {
  const group = groupColumns(panelColumns(g.outChannels), tiles, block);
  const sums = 36 * (bytes(group) * <usize>roundUp(g.inChannels, 6) + PAD);
  return 1024 + STRIDED_TILE_SCRATCH + WEIGHT_SCRATCH + zeroRowBytes() + sums + (block == tiles ? 0 : blockBytes(block));
}

/** Bytes of scratch for `winogradFilter` with the geometry set. */
export function winogradFilterScratch(): usize {
  const tiles = tilesInAll();
  const block = blockTiles(tiles);
  return <usize>seats * ownBytes(tiles, block) + (block == tiles ? blockBytes(block) : 0) + 64;
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function winogradFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const tiles = tilesInAll();
  const block = blockTiles(tiles);
  const oneBlock = block == tiles;
  dealOut(oneBlock);
  const cell = place() / halves;
  const half = place() % halves;
  const rows = halves == 1 ? ALL : half == 0 ? LOW : HIGH;
  // This cell's channels and columns
  const down = cells / across;
  const panels = groupsOf(g.outChannels, PANEL);
  const firstColumn = min(((panels * (cell % across)) / across) * PANEL, g.outChannels);
  const lastColumn = min(((panels * ((cell % across) + 1)) / across) * PANEL, g.outChannels);
  const units = groupsOf(g.inChannels, UNIT);
  const firstChannel = min(((units * (cell / across)) / down) * UNIT, g.inChannels);
  const lastChannel = min(((units * (cell / across + 1)) / down) * UNIT, g.inChannels);
  const ownChannels = lastChannel - firstChannel;
  const ownColumns = lastColumn - firstColumn;
  const wide = panelColumns(ownColumns);
  // What is transformed: what the cell needs, or, where one block serves all, everything.
  const xFrom = oneBlock ? 0 : firstChannel;
  const dyFrom = oneBlock ? 0 : firstColumn;
  const xCount = oneBlock ? g.inChannels : ownChannels;
  const dyCount = oneBlock ? g.outChannels : ownColumns;
  const size = ownBytes(tiles, block);
  const transform = align(scratch + <usize>place() * size);
  const inner = transform + STRIDED_TILE_SCRATCH;
  const zeros = align(inner + WEIGHT_SCRATCH);
  const behind = zeros - transform + zeroRowBytes();
  const sums = align(align(scratch + <usize>(cell * halves) * size) + behind);
  const points = axisPoints() * axisPoints();
  const group = min(groupColumns(panelColumns(g.outChannels), tiles, block), max(wide, PANEL));
  const channels = roundUp(ownChannels, 6);
  const sumPlane = bytes(group) * <usize>channels + PAD;
  const ownSums = 36 * (bytes(groupColumns(panelColumns(g.outChannels), tiles, block)) * <usize>roundUp(g.inChannels, 6) + PAD);
  const xPoints = align(oneBlock ? scratch + <usize>seats * size : transform + behind + ownSums);
  const xRow = rowBytes(xCount);
  const xPlane = <usize>block * xRow + PAD;
  const dyPoints = align(xPoints + <usize>points * xPlane);
  const dyRow = rowBytes(panelColumns(dyCount));
  const dyPlane = <usize>block * dyRow + PAD;
  memory.fill(zeros, 0, zeroRowBytes());
  if (oneBlock) {
    transformTiles(
      ALL,
      x,
      dy,
      shareFrom(tiles, 1),
      shareTo(tiles, 1),
      0,
      0,
      0,
      xCount,
      dyCount,
      zeros,
      xPoints,
      xRow,
      xPlane,
      dyPoints,
      dyRow,
      dyPlane,
      transform,
    );
    barrier();
  }
  const empty = ownChannels <= 0 || ownColumns <= 0;
  for (let first = 0; first < tiles && !empty; first += block) {
    const count = min(block, tiles - first);
    if (!oneBlock)
      transformTiles(
        rows,
        x,
        dy,
        first,
        first + count,
        first,
        xFrom,
        dyFrom,
        xCount,
        dyCount,
        zeros,
        xPoints,
        xRow,
        xPlane,
        dyPoints,
        dyRow,
        dyPlane,
        transform,
      );
    const start: usize = first == 0 ? zeros : 0;
    const a = xPoints + bytes(firstChannel - xFrom);
    const b = dyPoints + bytes(firstColumn - dyFrom);
    for (let j = 0; j < ownColumns; j += group) {
      const end = min(j + group, wide);
      sumPoints(rows, a, xRow, xPlane, count, ownChannels, b, dyRow, dyPlane, j, end, wide, start, sums, sumPlane);
      if (halves == 1 && first + count == tiles) {
        const from = firstColumn + j;
        unpackGradient(sums, sumPlane, channels, 0, ownChannels, firstChannel, from, min(firstColumn + end, lastColumn), dw, inner);
      }
    }
  }
  if (halves == 1) return;
  barrier();
  if (empty) return;
  const middle = ownChannels / 2;
  unpackGradient(
    sums,
    sumPlane,
    channels,
    half == 0 ? 0 : middle,
    half == 0 ? middle : ownChannels,
    firstChannel,
    firstColumn,
    lastColumn,
    dw,
    inner,
  );
}

/** The points of `rows` of the tiles first to end of x and dy, whose places are counted from tile `base`; `xCount` channels and `dyCount` columns. */
function transformTiles(
  rows: i32,
  x: usize,
  dy: usize,
  first: i32,
  end: i32,
  base: i32,
  xFrom: i32,
  dyFrom: i32,
  xCount: i32,
  dyCount: i32,
  zeros: usize,
  xPoints: usize,
  xRow: usize,
  xPlane: usize,
  dyPoints: usize,
  dyRow: usize,
  dyPlane: usize,
  transform: usize,
): void {
  const tilesHigh = tilesOf(g.outHeight, 4);
  const tilesWide = tilesOf(g.outWidth, 4);
  const xPixel = bytes(g.inChannels);
  const dyPixel = bytes(g.outChannels);
  const xBytes = <usize>(g.inHeight * g.inWidth) * xPixel;
  const dyBytes = <usize>(g.outHeight * g.outWidth) * dyPixel;
  for (let tile = first; tile < end; tile++) {
    const left = (tile % tilesWide) << 2;
    const top = ((tile / tilesWide) % tilesHigh) << 2;
    const image = <usize>(tile / tilesWide / tilesHigh);
    const from = x + image * xBytes + bytes(xFrom);
    const grad = dy + image * dyBytes + bytes(dyFrom);
    const to = xPoints + <usize>(tile - base) * xRow;
    const by = dyPoints + <usize>(tile - base) * dyRow;
    const row = top * g.strideHeight - g.padTop;
    const column = left * g.strideHeight - g.padLeft;
    const xPart = bytes(xCount);
    const dyPart = bytes(dyCount);
    if (left == 0 || tile == first) {
      // The rows that the tiles above have not read; all of them in the first row of tiles.
      const begin = tile == first || top == 0 ? 0 : 2;
      if (xPart == xPixel) {
        const height = 4 * g.strideHeight + 2;
        readImageRows(x + image * xBytes, row + begin, row + height, g.inHeight, <usize>g.inWidth * xPixel, transform);
      }
      if (dyPart == dyPixel) readImageRows(dy + image * dyBytes, top, top + 4, g.outHeight, <usize>g.outWidth * dyPixel, transform);
    }
    if (g.strideHeight == 2) {
      stridedInputTile(rows, from, g.inHeight, g.inWidth, xPixel, xPart, row, column, false, 1, 1, zeros, to, xPlane, transform);
      stridedGradientTile(rows, grad, g.outHeight, g.outWidth, dyPixel, dyPart, top, left, zeros, by, dyPlane, transform);
    } else {
      inputTile(rows, from, g.inHeight, g.inWidth, xPixel, xPart, row, column, zeros, to, xPlane, transform);
      gradientTile(rows, grad, g.outHeight, g.outWidth, dyPixel, dyPart, top, left, zeros, by, dyPlane, transform);
    }
  }
}

/** Whether a point is among `rows`. */
function owns(rows: i32, row: i32, column: i32): bool {
  if (rows == ALL) return true;
  if (axisPoints() == 6) return (rows == LOW) == row < 3;
  return column < 5 ? makesEven(rows, row) : makesOdd(rows, row);
}

/** For each point of `rows` the sum over `count` tiles of x (`channels` of them) times dy (columns first to end of `wide`); points of one filter point are added up. */
function sumPoints(
  rows: i32,
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
  sumPlane: usize,
): void {
  const axis = axisPoints();
  for (let point = 0; point < axis * axis; point++) {
    const row = point / axis;
    const column = point % axis;
    if (!owns(rows, row, column)) continue;
    const begin: usize = row > 5 || column > 5 ? 0 : start;
    const from = a + <usize>point * aPlane;
    const by = b + <usize>point * bPlane;
    let sum = sums + <usize>(min(row, 5) * 6 + min(column, 5)) * sumPlane;
    for (let j = first; j < end; j += PANEL) {
      const width = panelWidth(wide - j);
      const sumRow = bytes(width);
      for (let c = 0; c < channels; c += 6) {
        tileColumns(width, from + bytes(c), aRow, count, by + bytes(j), bRow, begin, sum, sumRow, 0);
        sum += 6 * sumRow;
      }
    }
  }
}
