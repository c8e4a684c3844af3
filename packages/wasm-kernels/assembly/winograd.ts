// 3×3 convolutions by Winograd: small matrix products over tiles, one for each point of the transform. Stride 1: F(4×4, 3×3), 36 products instead of
// 9 · 16 multiplications per tile and pair of channels, forward and input gradient alike. Stride 2: 81 products, with 36 different filters.
// Needs channels and columns that are multiples of 4.
import * as g from './geometry';
import { tileRows } from './micro';
import { packBias } from './pack';
import { align, bytes } from './taps';
import { barrier, place, seats, shareFrom, shareTo } from './team';
import { PANEL, PANEL_BYTES, panelColumns, panelWidth, TILE_ROWS } from './tile-shape';
import {
  axisPoints,
  blockTiles,
  EVEN,
  filterBytes,
  groupColumns,
  ownBytes,
  PAD,
  planeBytes,
  pointBytes,
  roundUp,
  rowsScratch,
  SPREAD,
  STRIDED,
  tileSide,
  tilesOf,
} from './winograd-blocks';
import { stridedOutputTile, stridedSpreadTile } from './winograd-strided-outputs';
import { STRIDED_TILE_SCRATCH, stridedInputTile } from './winograd-strided-tiles';
import { ALL, inputTile, outputTile } from './winograd-tiles';
import { packForward, packInput, WEIGHT_SCRATCH } from './winograd-weights';

/** Longest run of channels per pass of the register tile. */
const DEPTH: i32 = 512;

function winogradRows(
  kind: i32,
  source: usize,
  sourceHeight: i32,
  sourceWidth: i32,
  channels: i32,
  weights: usize,
  target: usize,
  height: i32,
  width: i32,
  columns: i32,
  tilesHigh: i32,
  tilesWide: i32,
  fromTop: i32,
  fromLeft: i32,
  turned: bool,
  bias: usize,
  act: i32,
  scratch: usize,
): void {
  const tiles = g.batch * tilesHigh * tilesWide;
  const block = blockTiles(kind, channels, columns, tiles);
  const wide = panelColumns(columns);
  const group = groupColumns(channels, wide, tiles, block);
  const points = axisPoints(kind) * axisPoints(kind);
  // Either all filters are kept, and members share the tiles, or all tiles are one block, and members share the columns.
  const sharesColumns = group < wide;
  const filterSpace = filterBytes(channels, group);
  const pointSpace = pointBytes(kind, channels, wide, block);
  const ownSpace = ownBytes(channels, wide, block);
  const own = scratch + <usize>place() * (ownSpace + (sharesColumns ? filterSpace : pointSpace));
  const shared = scratch + <usize>seats * (ownSpace + (sharesColumns ? filterSpace : pointSpace));
  const transform = align(own);
  const inner = transform + STRIDED_TILE_SCRATCH;
  const zeros = align(inner + WEIGHT_SCRATCH);
  const init = align(zeros + max(bytes(channels), PANEL_BYTES));
  const dump = align(init + bytes(wide));
  const rows = align(dump + bytes(wide));
  const out = rows + bytes(block);
  const filters = align(sharesColumns ? own + ownSpace : shared);
  const filterPlane = bytes(group) * <usize>channels + PAD;
  const inPoints = align(sharesColumns ? shared : own + ownSpace);
  const inRow = bytes(channels) + PAD;
  const inPlane = planeBytes(block, inRow);
  const outPoints = align(inPoints + <usize>points * inPlane);
  const outRow = bytes(wide) + PAD;
  const outPlane = planeBytes(block, outRow);

  memory.fill(zeros, 0, max(bytes(channels), PANEL_BYTES));
  packBias(bias, columns, init);
  for (let i = 0; i < block; i++) {
    store<usize>(rows + bytes(i), inPoints + <usize>i * inRow);
    store<usize>(out + bytes(i), outPoints + <usize>i * outRow);
  }
  const sourceBytes = <usize>(sourceHeight * sourceWidth) * bytes(channels);
  const targetBytes = <usize>(height * width) * bytes(columns);
  const sourceStep = kind == STRIDED ? 8 : 4;
  const side = tileSide(kind);
  // With stride 2 and even padding a tile of the input gradient begins with an even pixel, with odd padding with an odd one.
  const oddRow = kind == SPREAD ? 1 - (g.padTop & 1) : 1;
  const oddColumn = kind == SPREAD ? 1 - (g.padLeft & 1) : 1;
  const firstColumn = shareFrom(columns, PANEL);
  const lastColumn = shareTo(columns, PANEL);
  const firstTile = shareFrom(tiles, TILE_ROWS);
  const lastTile = shareTo(tiles, TILE_ROWS);
  if (!sharesColumns) {
    const at = filters + <usize>firstColumn * bytes(channels);
    if (turned) packInput(weights, firstColumn, lastColumn, at, filterPlane, inner);
    else packForward(weights, firstColumn, lastColumn, at, filterPlane, inner);
    barrier();
  }
  let first = firstTile;
  do {
    const count = min(block, lastTile - first); // may be 0: all members meet at the barriers
    // Where tiles are one block for all, a member's first place in it is its first tile.
    const base = sharesColumns ? first : 0;
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const top = ((tile / tilesWide) % tilesHigh) * sourceStep - fromTop;
      const left = (tile % tilesWide) * sourceStep - fromLeft;
      const image = source + <usize>(tile / tilesWide / tilesHigh) * sourceBytes;
      const to = inPoints + <usize>(base + i) * inRow;
      const size = bytes(channels);
      if (kind == EVEN) inputTile(ALL, image, sourceHeight, sourceWidth, size, size, top, left, zeros, to, inPlane, transform);
      else {
        const spread = kind == SPREAD;
        stridedInputTile(
          ALL,
          image,
          sourceHeight,
          sourceWidth,
          size,
          size,
          top,
          left,
          spread,
          oddRow,
          oddColumn,
          zeros,
          to,
          inPlane,
          transform,
        );
      }
    }
    if (sharesColumns) {
      barrier();
      for (let j = firstColumn; j < lastColumn; j += group) {
        const end = min(j + group, lastColumn);
        if (turned) packInput(weights, j, end, filters, filterPlane, inner);
        else packForward(weights, j, end, filters, filterPlane, inner);
        multiplyPoints(
          axisPoints(kind),
          rows,
          channels,
          columns,
          roundUp(tiles, 6),
          filters,
          filterPlane,
          inPlane,
          j,
          end,
          zeros,
          out,
          outPlane,
        );
      }
      barrier();
    } else {
      multiplyPoints(
        axisPoints(kind),
        rows,
        channels,
        columns,
        roundUp(count, 6),
        filters,
        filterPlane,
        inPlane,
        0,
        columns,
        zeros,
        out,
        outPlane,
      );
    }
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const top = ((tile / tilesWide) % tilesHigh) * side;
      const left = (tile % tilesWide) * side;
      const image = target + <usize>(tile / tilesWide / tilesHigh) * targetBytes;
      const from = outPoints + <usize>(base + i) * outRow;
      if (kind == EVEN) outputTile(from, outPlane, image, height, width, bytes(columns), top, left, init, act, dump, transform);
      else if (kind == STRIDED)
        stridedOutputTile(from, outPlane, image, height, width, bytes(columns), top, left, init, act, dump, transform);
      else stridedSpreadTile(from, outPlane, image, height, width, bytes(columns), top, left, oddRow, oddColumn, dump, transform);
    }
    first += block;
  } while (first < lastTile);
}

/** For each point: rows [padded, channels] times the filters of columns first to end, of `columns` in all. */
function multiplyPoints(
  axis: i32,
  rows: usize,
  channels: i32,
  columns: i32,
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
  let from: usize = 0;
  let to: usize = 0;
  for (let point = 0; point < axis * axis; point++) {
    const filter = filters + <usize>(min(point / axis, 5) * 6 + min(point % axis, 5)) * filterPlane;
    for (let k = 0; k < channels; k += DEPTH) {
      const depth = min(DEPTH, channels - k);
      const start = k == 0 ? zeros : 0;
      for (let j = first; j < end; j += PANEL) {
        const width = panelWidth(columns - j);
        const panel = filter + <usize>(j - first) * bytes(channels) + <usize>k * bytes(width);
        for (let r = 0; r < padded; r += 6) {
          const at = (<usize>r) << 2;
          tileRows(width, rows + at, 0, 1, from + ((<usize>k) << 2), depth, panel, start, out + at, to + ((<usize>j) << 2), 0);
        }
      }
    }
    from += inPlane;
    to += outPlane;
  }
}

function forwardKind(): i32 {
  return g.strideHeight == 2 ? STRIDED : EVEN;
}

/** Bytes of scratch for `winogradForward` with the geometry set. */
export function winogradForwardScratch(): usize {
  return rowsScratch(forwardKind(), g.inChannels, g.outChannels, g.batch * tilesOf(g.outHeight, 4) * tilesOf(g.outWidth, 4));
}

/** y = act(bias + x * w), stride 1 or 2: x [n, h, w, c], w [3, 3, c, oc], y [n, oh, ow, oc]. */
export function winogradForward(x: usize, w: usize, y: usize, bias: usize, act: i32, scratch: usize): void {
  winogradRows(
    forwardKind(),
    x,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    w,
    y,
    g.outHeight,
    g.outWidth,
    g.outChannels,
    tilesOf(g.outHeight, 4),
    tilesOf(g.outWidth, 4),
    g.padTop,
    g.padLeft,
    false,
    bias,
    act,
    scratch,
  );
}

/** Bytes of scratch for `winogradInput` with the geometry set. */
export function winogradInputScratch(): usize {
  const kind = g.strideHeight == 2 ? SPREAD : EVEN;
  const tiles = g.batch * tilesOf(g.inHeight, tileSide(kind)) * tilesOf(g.inWidth, tileSide(kind));
  return rowsScratch(kind, g.outChannels, g.inChannels, tiles);
}

/** Rows (columns) of dy before the first pixel that a tile of the input gradient reads. */
function beforeFirst(pad: i32): i32 {
  if (g.strideHeight == 1) return 2 - pad;
  return (pad & 1) == 0 ? 1 - pad / 2 : -(pad - 1) / 2;
}

/** dx from dy: stride 1 is the forward pass of dy with the filters turned around. */
export function winogradInput(dy: usize, w: usize, dx: usize, scratch: usize): void {
  const kind = g.strideHeight == 2 ? SPREAD : EVEN;
  winogradRows(
    kind,
    dy,
    g.outHeight,
    g.outWidth,
    g.outChannels,
    w,
    dx,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    tilesOf(g.inHeight, tileSide(kind)),
    tilesOf(g.inWidth, tileSide(kind)),
    beforeFirst(g.padTop),
    beforeFirst(g.padLeft),
    true,
    0,
    0,
    scratch,
  );
}
