// Matrix products in all four transposes: C[m, n] = act(bias + op(A)[m, k] op(B)[k, n]), and many of them at once.
import { COLUMN_BLOCK, COLUMN_TILE, columnsBlock, K_BLOCK, kPerPass, packOperand, ROW_BLOCK, rowsBlock } from './blocks';
import { packBias, READ_AHEAD, readRows } from './pack';
import { align } from './taps';
import { barrier, joinAgain, leaveTeam, place, seats, shareFrom, shareTo, team } from './team';
import { PANEL, panelColumns, TILE_BYTES, TILE_ROWS } from './tile-shape';

/** Bytes of packed B that stay in the second-level cache while all rows of A pass; wider products are done in blocks of columns, longer ones in passes. */
const CACHED: i32 = 1 << 20;
/** Fewest columns of a member when A is transposed: it packs A for itself. */
const LEAST_COLUMNS: i32 = 64;

/** Values of k that are packed at once. */
function passLength(n: i32, k: i32): i32 {
  return <i64>columnsPerBlock(n, k) * <i64>k > CACHED >> 2 ? kPerPass(k, K_BLOCK) : k;
}

function columnsPerBlock(n: i32, k: i32): i32 {
  return min(panelColumns(n), max(PANEL, (CACHED / (max(min(k, K_BLOCK), 1) << 2)) & ~(PANEL - 1)));
}

/** The share of the work that the busiest member leaves to others: 1 when all have the same number of groups. */
function evenness(groups: i32, members: i32): f64 {
  return <f64>groups / <f64>(((groups + members - 1) / members) * members);
}

/** Whether members share the columns and not the rows. */
function splitsColumns(m: i32, n: i32, members: i32): bool {
  if (members == 1) return false;
  return evenness((n + PANEL - 1) / PANEL, members) > evenness((m + TILE_ROWS - 1) / TILE_ROWS, members) + 0.05;
}

// Scratch of a member: tile | bias panels | zero row of k | row pointers | output pointers | dump row. Packed B lies behind those of all members.
function ownBytes(n: i32, k: i32): usize {
  const panels = ((<usize>columnsPerBlock(n, k)) << 2) + 64;
  return 1024 + TILE_BYTES + 2 * panels + (((<usize>k) << 2) + 64) + (ROW_BLOCK << 3);
}

function packedBytes(n: i32, k: i32): usize {
  return <usize>columnsPerBlock(n, k) * ((<usize>max(passLength(n, k), 1)) << 2) + 64;
}

// With A transposed each member has it all: tile | bias panels | row pointers | small copy of A | packed B.
function ownBytesColumns(n: i32): usize {
  const panels = ((<usize>columnsPerBlock(n, COLUMN_BLOCK)) << 2) + 64;
  return 1024 + COLUMN_TILE + panels + (COLUMN_BLOCK << 2) + (COLUMN_BLOCK << 5) + 64 + panels * COLUMN_BLOCK;
}

function scratchFor(m: i32, n: i32, k: i32, transposeA: bool, members: i32): usize {
  if (transposeA) return <usize>members * ownBytesColumns(n);
  return <usize>members * (ownBytes(n, k) + packedBytes(n, k));
}

/** Bytes of scratch that a product of this shape needs. */
export function matmulScratch(m: i32, n: i32, k: i32, transposeA: bool): usize {
  return scratchFor(m, n, k, transposeA, seats);
}

export function matmul(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeA: bool,
  transposeB: bool,
  bias: usize,
  act: i32,
  scratch: usize,
): void {
  if (transposeA) {
    const own = scratch + <usize>place() * ownBytesColumns(n);
    const byColumns = n >= LEAST_COLUMNS * team;
    const m0 = byColumns ? 0 : shareFrom(m, TILE_ROWS);
    const m1 = byColumns ? m : shareTo(m, TILE_ROWS);
    const n0 = byColumns ? shareFrom(n, PANEL) : 0;
    const n1 = byColumns ? shareTo(n, PANEL) : n;
    const count = leaveTeam();
    if (m0 < m1) columnsProduct(a, b, c, m, n, k, m0, m1, n0, n1, transposeB, bias, act, own);
    joinAgain(count);
    return;
  }
  if (splitsColumns(m, n, team)) {
    const from = shareFrom(n, PANEL);
    const to = shareTo(n, PANEL);
    const own = scratch + <usize>place() * (ownBytes(n, k) + packedBytes(n, k));
    const count = leaveTeam();
    rowsProduct(a, b, c, m, n, k, from, to, transposeB, bias, act, own, own + ownBytes(n, k));
    joinAgain(count);
    return;
  }
  const size = ownBytes(n, k);
  rowsProduct(a, b, c, m, n, k, 0, n, transposeB, bias, act, scratch + <usize>place() * size, scratch + <usize>seats * size);
}

/** Columns n0 to n1 of the product; members share the rows. */
function rowsProduct(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  from: i32,
  to: i32,
  transposeB: bool,
  bias: usize,
  act: i32,
  own: usize,
  packedSpace: usize,
): void {
  const width = columnsPerBlock(n, k);
  const tile = align(own);
  const init = tile + TILE_BYTES;
  const ldb = transposeB ? (<usize>k) << 2 : (<usize>n) << 2;
  const ldc = (<usize>n) << 2;
  const zeros = align(init + ((<usize>width) << 2));
  const tab = align(zeros + ((<usize>k) << 2));
  const out = tab + (ROW_BLOCK << 2);
  const dump = align(out + (ROW_BLOCK << 2));
  const packed = align(packedSpace);
  const firstRow = shareFrom(m, TILE_ROWS);
  const lastRow = shareTo(m, TILE_ROWS);
  memory.fill(zeros, 0, (<usize>k) << 2);
  const pass = passLength(n, k);
  for (let n0 = from; n0 < to; n0 += width) {
    const nb = min(width, to - n0);
    const column = (<usize>n0) << 2;
    packBias(bias != 0 ? bias + column : 0, nb, init);
    for (let k0 = 0; k0 < k || k == 0; k0 += pass) {
      const kc = min(pass, k - k0);
      const start = (<usize>k0) << 2;
      if (n0 != from || k0 != 0) barrier(); // all have used the panels of before
      // Members of a team pack some panels each.
      if (team == 1 && kc * nb <= READ_AHEAD >> 2) {
        if (transposeB) readRows(b + <usize>n0 * ldb + start, nb, ldb, (<usize>kc) << 2, tile);
        else readRows(b + <usize>k0 * ldb + column, kc, ldb, (<usize>nb) << 2, tile);
      }
      packOperand(transposeB ? b + <usize>n0 * ldb + start : b + <usize>k0 * ldb + column, 0, 1, kc, nb, ldb, transposeB, K_BLOCK, packed);
      barrier();
      const last = k0 + kc == k ? act : 0;
      for (let m0 = firstRow; m0 < lastRow; m0 += ROW_BLOCK) {
        const rows = min(ROW_BLOCK, lastRow - m0);
        const padded = ((rows + 5) / 6) * 6;
        for (let i = 0; i < padded; i++) {
          const at = (<usize>i) << 2;
          store<usize>(tab + at, i < rows ? a + ((<usize>(m0 + i) * <usize>k) << 2) + start : zeros);
          store<usize>(out + at, i < rows ? c + <usize>(m0 + i) * ldc + column : dump);
        }
        readRows(a + ((<usize>m0 * <usize>k) << 2) + start, rows, (<usize>k) << 2, (<usize>kc) << 2, tile);
        rowsBlock(tab, 1, kc, K_BLOCK, padded, packed, nb, k0 == 0 ? init : 0, out, 0, last, tile);
      }
      if (k == 0) break;
    }
  }
}

/** A transposed, rows m0 to m1 and columns from n0 to n1 of C: blocks of k, for each all of these rows and columns. */
function columnsProduct(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  m0: i32,
  m1: i32,
  from: i32,
  to: i32,
  transposeB: bool,
  bias: usize,
  act: i32,
  own: usize,
): void {
  const width = columnsPerBlock(n, COLUMN_BLOCK);
  const tile = align(own);
  const init = tile + COLUMN_TILE;
  const rows = m1 - m0;
  const lda = (<usize>m) << 2;
  const ldb = transposeB ? (<usize>k) << 2 : (<usize>n) << 2;
  const ldc = (<usize>n) << 2;
  const tab = align(init + ((<usize>width) << 2));
  const copy = tab + (COLUMN_BLOCK << 2);
  const packed = align(copy + (COLUMN_BLOCK << 5) + 32);
  const step = kPerPass(k, COLUMN_BLOCK);
  const top = (<usize>m0) << 2;
  const rowBytes = (<usize>rows) << 2;
  for (let n0 = from; n0 < to; n0 += width) {
    const nb = min(width, to - n0);
    const column = (<usize>n0) << 2;
    packBias(bias != 0 ? bias + column : 0, nb, init);
    for (let k0 = 0; k0 < k; k0 += step) {
      const kc = min(step, k - k0);
      const block = transposeB ? b + <usize>n0 * ldb + ((<usize>k0) << 2) : b + <usize>k0 * ldb + column;
      if (!transposeB && nb * kc <= READ_AHEAD >> 2) readRows(block, kc, ldb, (<usize>nb) << 2, tile);
      packOperand(block, 0, 1, kc, nb, ldb, transposeB, kc, packed);
      // Half of the cache: with more, what is packed and the product no longer stay beside it.
      if (rows * kc <= READ_AHEAD >> 3) readRows(a + <usize>k0 * lda + top, kc, lda, rowBytes, tile);
      for (let i = 0; i < kc; i++) {
        let row = a + <usize>(k0 + i) * lda + top;
        if (rows < 6) {
          const space = copy + ((<usize>i) << 5);
          for (let j: usize = 0; j < rowBytes; j += 4) store<f32>(space + j, load<f32>(row + j));
          row = space;
        }
        store<usize>(tab + ((<usize>i) << 2), row);
      }
      const target = c + <usize>m0 * ldc + column;
      columnsBlock(tab, 0, 1, rows, kc, packed, nb, ldc, k0 == 0 ? init : 0, target, k0 + kc == k ? act : 0, tile);
    }
  }
}

/** Members share the products where there are enough of them, else each product. */
function splitsBatch(batches: i32, members: i32): bool {
  return members > 1 && evenness(batches, members) >= 0.9;
}

/** Bytes of scratch for `matmulBatch`. */
export function matmulBatchScratch(batches: i32, m: i32, n: i32, k: i32, transposeA: bool): usize {
  return max(scratchFor(m, n, k, transposeA, seats), <usize>seats * scratchFor(m, n, k, transposeA, 1));
}

/** `batches` products; the operands of neighboring ones are `stepA` and `stepB` bytes apart, 0 for one that serves all. */
export function matmulBatch(
  a: usize,
  b: usize,
  c: usize,
  batches: i32,
  stepA: usize,
  stepB: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeA: bool,
  transposeB: bool,
  bias: usize,
  act: i32,
  scratch: usize,
): void {
  const stepC = (<usize>m * <usize>n) << 2;
  if (!splitsBatch(batches, team)) {
    for (let i = 0; i < batches; i++) {
      if (i != 0) barrier(); // scratch is free again
      matmul(a + <usize>i * stepA, b + <usize>i * stepB, c + <usize>i * stepC, m, n, k, transposeA, transposeB, bias, act, scratch);
    }
    return;
  }
  const from = shareFrom(batches, 1);
  const to = shareTo(batches, 1);
  const own = scratch + <usize>place() * scratchFor(m, n, k, transposeA, 1);
  const count = leaveTeam();
  for (let i = from; i < to; i++) {
    matmul(a + <usize>i * stepA, b + <usize>i * stepB, c + <usize>i * stepC, m, n, k, transposeA, transposeB, bias, act, own);
  }
  joinAgain(count);
}
