// Matrix products in all four transposes: C[m, n] = act(bias + op(A)[m, k] op(B)[k, n]).
import { COLUMN_BLOCK, COLUMN_TILE, columnsBlock, K_BLOCK, kPerPass, packOperand, ROW_BLOCK, rowsBlock } from './blocks';
import { packBias } from './pack';

/** Bytes of packed B that stay in the second-level cache while all rows of A pass; wider products are done in blocks of columns. */
const CACHED: i32 = 1 << 20;
/** Columns of a block when k is long: A is read once per block, so that blocks must not be narrow, as long as they fit into LARGEST bytes. */
const WIDE: i32 = 256;
const LARGEST: i32 = 32 << 20;

function columnsPerBlock(n: i32, k: i32): i32 {
  const bytes = max(k, 1) << 2;
  const limit = max(8, max(CACHED / bytes, min(WIDE, LARGEST / bytes)) & ~7);
  return min((n + 7) & ~7, limit);
}

// Scratch: tile 256 | bias panels | zero row of k | row pointers | output pointers | dump row | small copy of A | packed B
function align(p: usize): usize {
  return (p + 63) & ~63;
}

/** Bytes of scratch that a product of this shape needs. */
export function matmulScratch(m: i32, n: i32, k: i32, transposeA: bool): usize {
  const panels: usize = ((<usize>columnsPerBlock(n, transposeA ? COLUMN_BLOCK : k)) << 2) + 64;
  const rows: usize = transposeA ? COLUMN_BLOCK << 2 : ROW_BLOCK << 3;
  const row: usize = transposeA ? 0 : ((<usize>k) << 2) + 64;
  const copy: usize = transposeA ? (COLUMN_BLOCK << 5) + 64 : 0;
  const inner: usize = transposeA ? COLUMN_BLOCK : <usize>max(k, 1);
  return 1024 + COLUMN_TILE + 2 * panels + row + rows + copy + panels * inner;
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
  const tile = align(scratch);
  const init = tile + (transposeA ? COLUMN_TILE : 256);
  if (transposeA) {
    packOnceColumns(a, b, c, m, n, k, transposeB, bias, act, tile, init);
    return;
  }
  const width = columnsPerBlock(n, k);
  const ldb = transposeB ? (<usize>k) << 2 : (<usize>n) << 2;
  const ldc = (<usize>n) << 2;
  const zeros = align(init + ((<usize>width) << 2));
  const tab = align(zeros + ((<usize>k) << 2));
  const out = tab + (ROW_BLOCK << 2);
  const dump = align(out + (ROW_BLOCK << 2));
  const packed = align(dump + ((<usize>width) << 2));
  memory.fill(zeros, 0, (<usize>k) << 2);
  for (let n0 = 0; n0 < n; n0 += width) {
    const nb = min(width, n - n0);
    const column = (<usize>n0) << 2;
    packBias(bias != 0 ? bias + column : 0, nb, init);
    packOperand(transposeB ? b + <usize>n0 * ldb : b + column, 0, 1, k, nb, ldb, transposeB, K_BLOCK, packed);
    for (let m0 = 0; m0 < m; m0 += ROW_BLOCK) {
      const rows = min(ROW_BLOCK, m - m0);
      const padded = ((rows + 5) / 6) * 6;
      for (let i = 0; i < padded; i++) {
        const at = (<usize>i) << 2;
        store<usize>(tab + at, i < rows ? a + ((<usize>(m0 + i) * <usize>k) << 2) : zeros);
        store<usize>(out + at, i < rows ? c + <usize>(m0 + i) * ldc + column : dump);
      }
      rowsBlock(tab, 1, k, K_BLOCK, padded, packed, nb, init, out, 0, act, tile);
    }
  }
}

/** A transposed: blocks of k, for each all rows and columns of C. */
function packOnceColumns(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeB: bool,
  bias: usize,
  act: i32,
  tile: usize,
  init: usize,
): void {
  const width = columnsPerBlock(n, COLUMN_BLOCK);
  const lda = (<usize>m) << 2;
  const ldb = transposeB ? (<usize>k) << 2 : (<usize>n) << 2;
  const tab = align(init + ((<usize>width) << 2));
  const copy = tab + (COLUMN_BLOCK << 2);
  const packed = align(copy + (COLUMN_BLOCK << 5) + 32);
  const step = kPerPass(k, COLUMN_BLOCK);
  for (let n0 = 0; n0 < n; n0 += width) {
    const nb = min(width, n - n0);
    const column = (<usize>n0) << 2;
    packBias(bias != 0 ? bias + column : 0, nb, init);
    for (let k0 = 0; k0 < k; k0 += step) {
      const kc = min(step, k - k0);
      const from = transposeB ? b + <usize>n0 * ldb + ((<usize>k0) << 2) : b + <usize>k0 * ldb + column;
      packOperand(from, 0, 1, kc, nb, ldb, transposeB, kc, packed);
      for (let i = 0; i < kc; i++) {
        let row = a + <usize>(k0 + i) * lda;
        if (m < 6) {
          const to = copy + ((<usize>i) << 5);
          for (let j: usize = 0; j < lda; j += 4) store<f32>(to + j, load<f32>(row + j));
          row = to;
        }
        store<usize>(tab + ((<usize>i) << 2), row);
      }
      columnsBlock(tab, 0, 1, m, kc, packed, nb, (<usize>n) << 2, k0 == 0 ? init : 0, c + column, k0 + kc == k ? act : 0, tile);
    }
  }
}
