// Blocks: one block of rows (or of k) times all panels of the right operand, on the register tiles of micro.ts.
import { tileColumns, tileRows } from './micro';
import { packPlain, packTransposed } from './pack';
import { place, team } from './team';
import { PANEL, PANEL_BYTES, panelWidth, TILE_BYTES, TILE_ROWS } from './tile-shape';

/** Longest run of k per pass: a panel of B (18 KiB) and six rows of A (13.5 KiB) stay in the first-level cache. */
export const K_BLOCK: i32 = 576;
/** Rows per block of the row kernels: a multiple of 6; the block stays in the second-level cache. */
export const ROW_BLOCK: i32 = 96;
/** k values (pixels) per block of the column kernels. */
export const COLUMN_BLOCK: i32 = 256;
/** Scratch of columnsBlock: one tile and six columns of A. */
export const COLUMN_TILE: usize = TILE_BYTES + (COLUMN_BLOCK << 5);

/** Taps per pass: as many whole taps as fit into kBlock, at least one. */
export function tapsPerPass(rowLength: i32, taps: i32, kBlock: i32): i32 {
  return rowLength >= kBlock ? 1 : min(taps, kBlock / max(rowLength, 1));
}

/** Part of one tap per pass, evenly split. */
export function kPerPass(rowLength: i32, kBlock: i32): i32 {
  if (rowLength <= kBlock) return rowLength;
  const parts = (rowLength + kBlock - 1) / kBlock;
  return (rowLength + parts - 1) / parts;
}

/**
 * Packs `n` columns of the right operand in the order in which rowsBlock walks them: pass, panel, tap, k. The members of a team deal out the panels; each
 * needs a barrier before it reads them.
 * Tap t starts at `src + bOffset(t)`, where the offsets (bytes) are the third words of the tap records, or 0 without records.
 */
export function packOperand(
  src: usize,
  records: usize,
  taps: i32,
  rowLength: i32,
  n: i32,
  ld: usize,
  transposed: bool,
  kBlock: i32,
  dst: usize,
): void {
  const tapStep = tapsPerPass(rowLength, taps, kBlock);
  const kStep = kPerPass(rowLength, kBlock);
  let turn = team - place(); // until this member's next panel
  for (let t0 = 0; t0 < taps; t0 += tapStep) {
    const t1 = min(t0 + tapStep, taps);
    for (let k0 = 0; k0 < rowLength; k0 += kStep) {
      const kc = min(kStep, rowLength - k0);
      for (let j = 0; j < n; j += PANEL) {
        const width = panelWidth(n - j);
        const nr = min(width, n - j);
        if (turn != team) {
          turn++;
          dst += <usize>(kc * (t1 - t0)) * ((<usize>width) << 2);
          continue;
        }
        turn = 1;
        for (let t = t0; t < t1; t++) {
          const base = src + (records != 0 ? load<usize>(records + <usize>t * 12, 8) : 0);
          dst = transposed
            ? packTransposed(base + <usize>j * ld + ((<usize>k0) << 2), ld, kc, nr, width, dst)
            : packPlain(base + <usize>k0 * ld + ((<usize>j) << 2), ld, kc, nr, width, dst);
        }
      }
    }
  }
}

/**
 * out[rows, n] = act(init + sum over taps and k of A[row, tap, k] * B[tap, k, n]) for up to ROW_BLOCK rows.
 * `tab` holds ROW_BLOCK pointers per tap, `out` ROW_BLOCK output rows; both are filled up to a multiple of 6.
 * `tile` is TILE_BYTES of scratch for a last panel that is not full; `init` 0 continues from what the outputs hold.
 */
export function rowsBlock(
  tab: usize,
  taps: i32,
  rowLength: i32,
  kBlock: i32,
  rows: i32,
  packed: usize,
  n: i32,
  init: usize,
  out: usize,
  outOffset: usize,
  act: i32,
  tile: usize,
): void {
  const tapStep = tapsPerPass(rowLength, taps, kBlock);
  const kStep = kPerPass(rowLength, kBlock);
  const tabStride: usize = ROW_BLOCK << 2;
  const tilePointers = tile + <usize>TILE_ROWS * PANEL_BYTES;
  for (let i: usize = 0; i < 6; i++) store<usize>(tilePointers + (i << 2), tile + i * PANEL_BYTES);
  let first = true;
  for (let t0 = 0; t0 < taps; t0 += tapStep) {
    const tc = min(tapStep, taps - t0);
    for (let k0 = 0; k0 < rowLength; k0 += kStep) {
      const kc = min(kStep, rowLength - k0);
      const passAct = t0 + tc == taps && k0 + kc == rowLength ? act : 0;
      const kOffset = (<usize>k0) << 2;
      const tapTab = tab + <usize>t0 * tabStride;
      for (let j = 0; j < n; j += PANEL) {
        const column = (<usize>j) << 2;
        const start: usize = first && init != 0 ? init + column : 0;
        const columns = panelWidth(n - j);
        if (j + columns <= n) {
          for (let r = 0; r < rows; r += 6) {
            const at = (<usize>r) << 2;
            tileRows(columns, tapTab + at, tabStride, tc, kOffset, kc, packed, start, out + at, outOffset + column, passAct);
          }
        } else {
          const width = (<usize>(n - j)) << 2;
          for (let r = 0; r < rows; r += 6) {
            const at = (<usize>r) << 2;
            if (start == 0) moveTile(out + at, outOffset + column, tilePointers, 0, width);
            tileRows(columns, tapTab + at, tabStride, tc, kOffset, kc, packed, start, tilePointers, 0, passAct);
            moveTile(tilePointers, 0, out + at, outOffset + column, width);
          }
        }
        packed += <usize>(kc * tc) * ((<usize>columns) << 2);
      }
      first = false;
    }
  }
}

function moveTile(from: usize, fromOffset: usize, to: usize, toOffset: usize, width: usize): void {
  for (let i: usize = 0; i < 24; i += 4) {
    const s = load<usize>(from + i) + fromOffset;
    const d = load<usize>(to + i) + toOffset;
    for (let j: usize = 0; j < width; j += 4) store<f32>(d + j, load<f32>(s + j));
  }
}

/**
 * C[tap, row, n] (+)= sum over `count` values of k of A[k, tap, row] * B[k, n]: the filter gradient, and products with A transposed.
 * `tab` holds `tabStride` bytes of pointers per tap, one per k; `packed` is B as panels, `count` long.
 * `init` 0 continues from what C holds.
 */
export function columnsBlock(
  tab: usize,
  tabStride: usize,
  taps: i32,
  rowLength: i32,
  count: i32,
  packed: usize,
  n: i32,
  ldc: usize,
  init: usize,
  c: usize,
  act: i32,
  tile: usize,
): void {
  const six = tile + TILE_BYTES;
  for (let t = 0; t < taps; t++) {
    for (let row = 0; row < rowLength; row += 6) {
      // The last group is shifted back so that it never reads past a row; the rows that it repeats are not stored.
      const from = row + 6 > rowLength ? max(rowLength - 6, 0) : row;
      const skip = row - from;
      const keep = min(6, rowLength - from);
      const base = c + <usize>(t * rowLength + from) * ldc;
      packSix(tab, count, (<usize>from) << 2, six);
      let b = packed;
      for (let j = 0; j < n; j += PANEL) {
        const column = (<usize>j) << 2;
        const start: usize = init != 0 ? init + column : 0;
        const columns = panelWidth(n - j);
        const rowBytes = (<usize>columns) << 2;
        if (skip == 0 && keep == 6 && j + columns <= n) {
          tileColumns(columns, six, 32, count, b, rowBytes, start, base + column, ldc, act);
        } else {
          const width = (<usize>min(columns, n - j)) << 2;
          if (init == 0) copyTile(base + column, ldc, tile, PANEL_BYTES, 0, keep, width);
          tileColumns(columns, six, 32, count, b, rowBytes, start, tile, PANEL_BYTES, act);
          copyTile(tile, PANEL_BYTES, base + column, ldc, skip, keep, width);
        }
        b += <usize>count * rowBytes;
      }
    }
    tab += tabStride;
  }
}

/** Six neighboring values of each of `count` rows, 32 bytes apart. */
function packSix(tab: usize, count: i32, offset: usize, to: usize): void {
  const end = tab + ((<usize>count) << 2);
  while (tab != end) {
    const p = load<usize>(tab) + offset;
    v128.store(to, v128.load(p));
    store<u64>(to, load<u64>(p, 16), 16);
    tab += 4;
    to += 32;
  }
}

function copyTile(src: usize, lds: usize, dst: usize, ldd: usize, from: i32, to: i32, width: usize): void {
  for (let i = from; i < to; i++) {
    const s = src + <usize>i * lds;
    const d = dst + <usize>i * ldd;
    for (let j: usize = 0; j < width; j += 4) store<f32>(d + j, load<f32>(s + j));
  }
}
