// Written by scripts/generate-tiles.mjs.
// Register tiles of 6 rows: 6 × 8 columns fill 15 of the 16 vector registers that V8 uses with 12 accumulators, two vectors of B and one broadcast of A;
// 6 × 16 do the same where pairs of vectors become one. The loops over k are deliberately not unrolled: unrolling makes the compiler spill accumulators.
import { madd } from './simd';
import { PANEL } from './tile-shape';

/**
 * rows x panel: six row pointers per tap, taken from `tab` (taps are `tabStride` bytes apart), each row contiguous over k.
 * `init` points to the values that are added to the panel's columns (a bias, zeros), or is 0 to add to what the output holds. Sums start at zero, which
 * keeps their rounding error small.
 * The six output rows come from `out`, shifted by `outOffset` bytes. `columns` is PANEL or, for a narrow last panel, HALF_PANEL.
 */
export function tileRows(
  columns: i32,
  tab: usize,
  tabStride: usize,
  taps: i32,
  kOffset: usize,
  kc: i32,
  b: usize,
  init: usize,
  out: usize,
  outOffset: usize,
  act: i32,
): void {
  if (PANEL == 16 && columns == 16) tileRows16(tab, tabStride, taps, kOffset, kc, b, init, out, outOffset, act);
  else tileRows8(tab, tabStride, taps, kOffset, kc, b, init, out, outOffset, act);
}

/**
 * columns x panel (A transposed): for each k six values of A, `lda` bytes apart, and a row of B, `ldb` bytes apart.
 * Output row i is at `c + i * ldc`. `columns` and `init` as in tileRows.
 */
export function tileColumns(
  columns: i32,
  a6: usize,
  lda: usize,
  count: i32,
  b: usize,
  ldb: usize,
  init: usize,
  c: usize,
  ldc: usize,
  act: i32,
): void {
  if (PANEL == 16 && columns == 16) tileColumns16(a6, lda, count, b, ldb, init, c, ldc, act);
  else tileColumns8(a6, lda, count, b, ldb, init, c, ldc, act);
}

function tileRows8(
  tab: usize,
  tabStride: usize,
  taps: i32,
  kOffset: usize,
  kc: i32,
  b: usize,
  init: usize,
  out: usize,
  outOffset: usize,
  act: i32,
): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0),
    c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0),
    c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0),
    c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0),
    c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0),
    c51 = f32x4.splat(0);
  const span = <usize>kc * 32;
  for (let t = 0; t < taps; t++) {
    let p0 = load<usize>(tab) + kOffset;
    let p1 = load<usize>(tab, 4) + kOffset;
    let p2 = load<usize>(tab, 8) + kOffset;
    let p3 = load<usize>(tab, 12) + kOffset;
    let p4 = load<usize>(tab, 16) + kOffset;
    let p5 = load<usize>(tab, 20) + kOffset;
    tab += tabStride;
    const end = b + span;
    while (b != end) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let a = v128.load_splat<f32>(p0);
      c00 = madd(a, b0, c00);
      c01 = madd(a, b1, c01);
      a = v128.load_splat<f32>(p1);
      c10 = madd(a, b0, c10);
      c11 = madd(a, b1, c11);
      a = v128.load_splat<f32>(p2);
      c20 = madd(a, b0, c20);
      c21 = madd(a, b1, c21);
      a = v128.load_splat<f32>(p3);
      c30 = madd(a, b0, c30);
      c31 = madd(a, b1, c31);
      a = v128.load_splat<f32>(p4);
      c40 = madd(a, b0, c40);
      c41 = madd(a, b1, c41);
      a = v128.load_splat<f32>(p5);
      c50 = madd(a, b0, c50);
      c51 = madd(a, b1, c51);
      b += 32;
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      p4 += 4;
      p5 += 4;
    }
  }
  const o0 = load<usize>(out) + outOffset;
  const o1 = load<usize>(out, 4) + outOffset;
  const o2 = load<usize>(out, 8) + outOffset;
  const o3 = load<usize>(out, 12) + outOffset;
  const o4 = load<usize>(out, 16) + outOffset;
  const o5 = load<usize>(out, 20) + outOffset;
  if (init != 0) {
    const i0 = v128.load(init);
    const i1 = v128.load(init, 16);
    c00 = f32x4.add(c00, i0);
    c01 = f32x4.add(c01, i1);
    c10 = f32x4.add(c10, i0);
    c11 = f32x4.add(c11, i1);
    c20 = f32x4.add(c20, i0);
    c21 = f32x4.add(c21, i1);
    c30 = f32x4.add(c30, i0);
    c31 = f32x4.add(c31, i1);
    c40 = f32x4.add(c40, i0);
    c41 = f32x4.add(c41, i1);
    c50 = f32x4.add(c50, i0);
    c51 = f32x4.add(c51, i1);
  } else {
    c00 = f32x4.add(c00, v128.load(o0));
    c01 = f32x4.add(c01, v128.load(o0, 16));
    c10 = f32x4.add(c10, v128.load(o1));
    c11 = f32x4.add(c11, v128.load(o1, 16));
    c20 = f32x4.add(c20, v128.load(o2));
    c21 = f32x4.add(c21, v128.load(o2, 16));
    c30 = f32x4.add(c30, v128.load(o3));
    c31 = f32x4.add(c31, v128.load(o3, 16));
    c40 = f32x4.add(c40, v128.load(o4));
    c41 = f32x4.add(c41, v128.load(o4, 16));
    c50 = f32x4.add(c50, v128.load(o5));
    c51 = f32x4.add(c51, v128.load(o5, 16));
  }
  if (act != 0) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero);
    c01 = f32x4.max(c01, zero);
    c10 = f32x4.max(c10, zero);
    c11 = f32x4.max(c11, zero);
    c20 = f32x4.max(c20, zero);
    c21 = f32x4.max(c21, zero);
    c30 = f32x4.max(c30, zero);
    c31 = f32x4.max(c31, zero);
    c40 = f32x4.max(c40, zero);
    c41 = f32x4.max(c41, zero);
    c50 = f32x4.max(c50, zero);
    c51 = f32x4.max(c51, zero);
    if (act == 2) {
      const six = f32x4.splat(6);
      c00 = f32x4.min(c00, six);
      c01 = f32x4.min(c01, six);
      c10 = f32x4.min(c10, six);
      c11 = f32x4.min(c11, six);
      c20 = f32x4.min(c20, six);
      c21 = f32x4.min(c21, six);
      c30 = f32x4.min(c30, six);
      c31 = f32x4.min(c31, six);
      c40 = f32x4.min(c40, six);
      c41 = f32x4.min(c41, six);
      c50 = f32x4.min(c50, six);
      c51 = f32x4.min(c51, six);
    }
  }
  v128.store(o0, c01, 16);
  v128.store(o0, c00);
  v128.store(o1, c11, 16);
  v128.store(o1, c10);
  v128.store(o2, c21, 16);
  v128.store(o2, c20);
  v128.store(o3, c31, 16);
  v128.store(o3, c30);
  v128.store(o4, c41, 16);
  v128.store(o4, c40);
  v128.store(o5, c51, 16);
  v128.store(o5, c50);
}

function tileColumns8(a6: usize, lda: usize, count: i32, b: usize, ldb: usize, init: usize, c: usize, ldc: usize, act: i32): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0),
    c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0),
    c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0),
    c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0),
    c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0),
    c51 = f32x4.splat(0);
  const end = b + <usize>count * ldb;
  while (b != end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let a = v128.load_splat<f32>(a6);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load_splat<f32>(a6, 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load_splat<f32>(a6, 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load_splat<f32>(a6, 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load_splat<f32>(a6, 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load_splat<f32>(a6, 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    b += ldb;
    a6 += lda;
  }
  const o0 = c;
  const o1 = o0 + ldc;
  const o2 = o1 + ldc;
  const o3 = o2 + ldc;
  const o4 = o3 + ldc;
  const o5 = o4 + ldc;
  if (init != 0) {
    const i0 = v128.load(init);
    const i1 = v128.load(init, 16);
    c00 = f32x4.add(c00, i0);
    c01 = f32x4.add(c01, i1);
    c10 = f32x4.add(c10, i0);
    c11 = f32x4.add(c11, i1);
    c20 = f32x4.add(c20, i0);
    c21 = f32x4.add(c21, i1);
    c30 = f32x4.add(c30, i0);
    c31 = f32x4.add(c31, i1);
    c40 = f32x4.add(c40, i0);
    c41 = f32x4.add(c41, i1);
    c50 = f32x4.add(c50, i0);
    c51 = f32x4.add(c51, i1);
  } else {
    c00 = f32x4.add(c00, v128.load(o0));
    c01 = f32x4.add(c01, v128.load(o0, 16));
    c10 = f32x4.add(c10, v128.load(o1));
    c11 = f32x4.add(c11, v128.load(o1, 16));
    c20 = f32x4.add(c20, v128.load(o2));
    c21 = f32x4.add(c21, v128.load(o2, 16));
    c30 = f32x4.add(c30, v128.load(o3));
    c31 = f32x4.add(c31, v128.load(o3, 16));
    c40 = f32x4.add(c40, v128.load(o4));
    c41 = f32x4.add(c41, v128.load(o4, 16));
    c50 = f32x4.add(c50, v128.load(o5));
    c51 = f32x4.add(c51, v128.load(o5, 16));
  }
  if (act != 0) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero);
    c01 = f32x4.max(c01, zero);
    c10 = f32x4.max(c10, zero);
    c11 = f32x4.max(c11, zero);
    c20 = f32x4.max(c20, zero);
    c21 = f32x4.max(c21, zero);
    c30 = f32x4.max(c30, zero);
    c31 = f32x4.max(c31, zero);
    c40 = f32x4.max(c40, zero);
    c41 = f32x4.max(c41, zero);
    c50 = f32x4.max(c50, zero);
    c51 = f32x4.max(c51, zero);
    if (act == 2) {
      const six = f32x4.splat(6);
      c00 = f32x4.min(c00, six);
      c01 = f32x4.min(c01, six);
      c10 = f32x4.min(c10, six);
      c11 = f32x4.min(c11, six);
      c20 = f32x4.min(c20, six);
      c21 = f32x4.min(c21, six);
      c30 = f32x4.min(c30, six);
      c31 = f32x4.min(c31, six);
      c40 = f32x4.min(c40, six);
      c41 = f32x4.min(c41, six);
      c50 = f32x4.min(c50, six);
      c51 = f32x4.min(c51, six);
    }
  }
  v128.store(o0, c01, 16);
  v128.store(o0, c00);
  v128.store(o1, c11, 16);
  v128.store(o1, c10);
  v128.store(o2, c21, 16);
  v128.store(o2, c20);
  v128.store(o3, c31, 16);
  v128.store(o3, c30);
  v128.store(o4, c41, 16);
  v128.store(o4, c40);
  v128.store(o5, c51, 16);
  v128.store(o5, c50);
}

function tileRows16(
  tab: usize,
  tabStride: usize,
  taps: i32,
  kOffset: usize,
  kc: i32,
  b: usize,
  init: usize,
  out: usize,
  outOffset: usize,
  act: i32,
): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0),
    c02 = f32x4.splat(0),
    c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0),
    c11 = f32x4.splat(0),
    c12 = f32x4.splat(0),
    c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0),
    c21 = f32x4.splat(0),
    c22 = f32x4.splat(0),
    c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0),
    c31 = f32x4.splat(0),
    c32 = f32x4.splat(0),
    c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0),
    c41 = f32x4.splat(0),
    c42 = f32x4.splat(0),
    c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0),
    c51 = f32x4.splat(0),
    c52 = f32x4.splat(0),
    c53 = f32x4.splat(0);
  const span = <usize>kc * 64;
  for (let t = 0; t < taps; t++) {
    let p0 = load<usize>(tab) + kOffset;
    let p1 = load<usize>(tab, 4) + kOffset;
    let p2 = load<usize>(tab, 8) + kOffset;
    let p3 = load<usize>(tab, 12) + kOffset;
    let p4 = load<usize>(tab, 16) + kOffset;
    let p5 = load<usize>(tab, 20) + kOffset;
    tab += tabStride;
    const end = b + span;
    while (b != end) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const b2 = v128.load(b, 32);
      const b3 = v128.load(b, 48);
      let a = v128.load_splat<f32>(p0);
      c00 = madd(a, b0, c00);
      c01 = madd(a, b1, c01);
      c02 = madd(a, b2, c02);
      c03 = madd(a, b3, c03);
      a = v128.load_splat<f32>(p1);
      c10 = madd(a, b0, c10);
      c11 = madd(a, b1, c11);
      c12 = madd(a, b2, c12);
      c13 = madd(a, b3, c13);
      a = v128.load_splat<f32>(p2);
      c20 = madd(a, b0, c20);
      c21 = madd(a, b1, c21);
      c22 = madd(a, b2, c22);
      c23 = madd(a, b3, c23);
      a = v128.load_splat<f32>(p3);
      c30 = madd(a, b0, c30);
      c31 = madd(a, b1, c31);
      c32 = madd(a, b2, c32);
      c33 = madd(a, b3, c33);
      a = v128.load_splat<f32>(p4);
      c40 = madd(a, b0, c40);
      c41 = madd(a, b1, c41);
      c42 = madd(a, b2, c42);
      c43 = madd(a, b3, c43);
      a = v128.load_splat<f32>(p5);
      c50 = madd(a, b0, c50);
      c51 = madd(a, b1, c51);
      c52 = madd(a, b2, c52);
      c53 = madd(a, b3, c53);
      b += 64;
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
      p4 += 4;
      p5 += 4;
    }
  }
  const o0 = load<usize>(out) + outOffset;
  const o1 = load<usize>(out, 4) + outOffset;
  const o2 = load<usize>(out, 8) + outOffset;
  const o3 = load<usize>(out, 12) + outOffset;
  const o4 = load<usize>(out, 16) + outOffset;
  const o5 = load<usize>(out, 20) + outOffset;
  if (init != 0) {
    const i0 = v128.load(init);
    const i1 = v128.load(init, 16);
    const i2 = v128.load(init, 32);
    const i3 = v128.load(init, 48);
    c00 = f32x4.add(c00, i0);
    c01 = f32x4.add(c01, i1);
    c02 = f32x4.add(c02, i2);
    c03 = f32x4.add(c03, i3);
    c10 = f32x4.add(c10, i0);
    c11 = f32x4.add(c11, i1);
    c12 = f32x4.add(c12, i2);
    c13 = f32x4.add(c13, i3);
    c20 = f32x4.add(c20, i0);
    c21 = f32x4.add(c21, i1);
    c22 = f32x4.add(c22, i2);
    c23 = f32x4.add(c23, i3);
    c30 = f32x4.add(c30, i0);
    c31 = f32x4.add(c31, i1);
    c32 = f32x4.add(c32, i2);
    c33 = f32x4.add(c33, i3);
    c40 = f32x4.add(c40, i0);
    c41 = f32x4.add(c41, i1);
    c42 = f32x4.add(c42, i2);
    c43 = f32x4.add(c43, i3);
    c50 = f32x4.add(c50, i0);
    c51 = f32x4.add(c51, i1);
    c52 = f32x4.add(c52, i2);
    c53 = f32x4.add(c53, i3);
  } else {
    c00 = f32x4.add(c00, v128.load(o0));
    c01 = f32x4.add(c01, v128.load(o0, 16));
    c02 = f32x4.add(c02, v128.load(o0, 32));
    c03 = f32x4.add(c03, v128.load(o0, 48));
    c10 = f32x4.add(c10, v128.load(o1));
    c11 = f32x4.add(c11, v128.load(o1, 16));
    c12 = f32x4.add(c12, v128.load(o1, 32));
    c13 = f32x4.add(c13, v128.load(o1, 48));
    c20 = f32x4.add(c20, v128.load(o2));
    c21 = f32x4.add(c21, v128.load(o2, 16));
    c22 = f32x4.add(c22, v128.load(o2, 32));
    c23 = f32x4.add(c23, v128.load(o2, 48));
    c30 = f32x4.add(c30, v128.load(o3));
    c31 = f32x4.add(c31, v128.load(o3, 16));
    c32 = f32x4.add(c32, v128.load(o3, 32));
    c33 = f32x4.add(c33, v128.load(o3, 48));
    c40 = f32x4.add(c40, v128.load(o4));
    c41 = f32x4.add(c41, v128.load(o4, 16));
    c42 = f32x4.add(c42, v128.load(o4, 32));
    c43 = f32x4.add(c43, v128.load(o4, 48));
    c50 = f32x4.add(c50, v128.load(o5));
    c51 = f32x4.add(c51, v128.load(o5, 16));
    c52 = f32x4.add(c52, v128.load(o5, 32));
    c53 = f32x4.add(c53, v128.load(o5, 48));
  }
  if (act != 0) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero);
    c01 = f32x4.max(c01, zero);
    c02 = f32x4.max(c02, zero);
    c03 = f32x4.max(c03, zero);
    c10 = f32x4.max(c10, zero);
    c11 = f32x4.max(c11, zero);
    c12 = f32x4.max(c12, zero);
    c13 = f32x4.max(c13, zero);
    c20 = f32x4.max(c20, zero);
    c21 = f32x4.max(c21, zero);
    c22 = f32x4.max(c22, zero);
    c23 = f32x4.max(c23, zero);
    c30 = f32x4.max(c30, zero);
    c31 = f32x4.max(c31, zero);
    c32 = f32x4.max(c32, zero);
    c33 = f32x4.max(c33, zero);
    c40 = f32x4.max(c40, zero);
    c41 = f32x4.max(c41, zero);
    c42 = f32x4.max(c42, zero);
    c43 = f32x4.max(c43, zero);
    c50 = f32x4.max(c50, zero);
    c51 = f32x4.max(c51, zero);
    c52 = f32x4.max(c52, zero);
    c53 = f32x4.max(c53, zero);
    if (act == 2) {
      const six = f32x4.splat(6);
      c00 = f32x4.min(c00, six);
      c01 = f32x4.min(c01, six);
      c02 = f32x4.min(c02, six);
      c03 = f32x4.min(c03, six);
      c10 = f32x4.min(c10, six);
      c11 = f32x4.min(c11, six);
      c12 = f32x4.min(c12, six);
      c13 = f32x4.min(c13, six);
      c20 = f32x4.min(c20, six);
      c21 = f32x4.min(c21, six);
      c22 = f32x4.min(c22, six);
      c23 = f32x4.min(c23, six);
      c30 = f32x4.min(c30, six);
      c31 = f32x4.min(c31, six);
      c32 = f32x4.min(c32, six);
      c33 = f32x4.min(c33, six);
      c40 = f32x4.min(c40, six);
      c41 = f32x4.min(c41, six);
      c42 = f32x4.min(c42, six);
      c43 = f32x4.min(c43, six);
      c50 = f32x4.min(c50, six);
      c51 = f32x4.min(c51, six);
      c52 = f32x4.min(c52, six);
      c53 = f32x4.min(c53, six);
    }
  }
  v128.store(o0, c03, 48);
  v128.store(o0, c02, 32);
  v128.store(o0, c01, 16);
  v128.store(o0, c00);
  v128.store(o1, c13, 48);
  v128.store(o1, c12, 32);
  v128.store(o1, c11, 16);
  v128.store(o1, c10);
  v128.store(o2, c23, 48);
  v128.store(o2, c22, 32);
  v128.store(o2, c21, 16);
  v128.store(o2, c20);
  v128.store(o3, c33, 48);
  v128.store(o3, c32, 32);
  v128.store(o3, c31, 16);
  v128.store(o3, c30);
  v128.store(o4, c43, 48);
  v128.store(o4, c42, 32);
  v128.store(o4, c41, 16);
  v128.store(o4, c40);
  v128.store(o5, c53, 48);
  v128.store(o5, c52, 32);
  v128.store(o5, c51, 16);
  v128.store(o5, c50);
}

function tileColumns16(a6: usize, lda: usize, count: i32, b: usize, ldb: usize, init: usize, c: usize, ldc: usize, act: i32): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0),
    c02 = f32x4.splat(0),
    c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0),
    c11 = f32x4.splat(0),
    c12 = f32x4.splat(0),
    c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0),
    c21 = f32x4.splat(0),
    c22 = f32x4.splat(0),
    c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0),
    c31 = f32x4.splat(0),
    c32 = f32x4.splat(0),
    c33 = f32x4.splat(0);
  let c40 = f32x4.splat(0),
    c41 = f32x4.splat(0),
    c42 = f32x4.splat(0),
    c43 = f32x4.splat(0);
  let c50 = f32x4.splat(0),
    c51 = f32x4.splat(0),
    c52 = f32x4.splat(0),
    c53 = f32x4.splat(0);
  const end = b + <usize>count * ldb;
  while (b != end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    let a = v128.load_splat<f32>(a6);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    c02 = madd(a, b2, c02);
    c03 = madd(a, b3, c03);
    a = v128.load_splat<f32>(a6, 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    c12 = madd(a, b2, c12);
    c13 = madd(a, b3, c13);
    a = v128.load_splat<f32>(a6, 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    c22 = madd(a, b2, c22);
    c23 = madd(a, b3, c23);
    a = v128.load_splat<f32>(a6, 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    c32 = madd(a, b2, c32);
    c33 = madd(a, b3, c33);
    a = v128.load_splat<f32>(a6, 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    c42 = madd(a, b2, c42);
    c43 = madd(a, b3, c43);
    a = v128.load_splat<f32>(a6, 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    c52 = madd(a, b2, c52);
    c53 = madd(a, b3, c53);
    b += ldb;
    a6 += lda;
  }
  const o0 = c;
  const o1 = o0 + ldc;
  const o2 = o1 + ldc;
  const o3 = o2 + ldc;
  const o4 = o3 + ldc;
  const o5 = o4 + ldc;
  if (init != 0) {
    const i0 = v128.load(init);
    const i1 = v128.load(init, 16);
    const i2 = v128.load(init, 32);
    const i3 = v128.load(init, 48);
    c00 = f32x4.add(c00, i0);
    c01 = f32x4.add(c01, i1);
    c02 = f32x4.add(c02, i2);
    c03 = f32x4.add(c03, i3);
    c10 = f32x4.add(c10, i0);
    c11 = f32x4.add(c11, i1);
    c12 = f32x4.add(c12, i2);
    c13 = f32x4.add(c13, i3);
    c20 = f32x4.add(c20, i0);
    c21 = f32x4.add(c21, i1);
    c22 = f32x4.add(c22, i2);
    c23 = f32x4.add(c23, i3);
    c30 = f32x4.add(c30, i0);
    c31 = f32x4.add(c31, i1);
    c32 = f32x4.add(c32, i2);
    c33 = f32x4.add(c33, i3);
    c40 = f32x4.add(c40, i0);
    c41 = f32x4.add(c41, i1);
    c42 = f32x4.add(c42, i2);
    c43 = f32x4.add(c43, i3);
    c50 = f32x4.add(c50, i0);
    c51 = f32x4.add(c51, i1);
    c52 = f32x4.add(c52, i2);
    c53 = f32x4.add(c53, i3);
  } else {
    c00 = f32x4.add(c00, v128.load(o0));
    c01 = f32x4.add(c01, v128.load(o0, 16));
    c02 = f32x4.add(c02, v128.load(o0, 32));
    c03 = f32x4.add(c03, v128.load(o0, 48));
    c10 = f32x4.add(c10, v128.load(o1));
    c11 = f32x4.add(c11, v128.load(o1, 16));
    c12 = f32x4.add(c12, v128.load(o1, 32));
    c13 = f32x4.add(c13, v128.load(o1, 48));
    c20 = f32x4.add(c20, v128.load(o2));
    c21 = f32x4.add(c21, v128.load(o2, 16));
    c22 = f32x4.add(c22, v128.load(o2, 32));
    c23 = f32x4.add(c23, v128.load(o2, 48));
    c30 = f32x4.add(c30, v128.load(o3));
    c31 = f32x4.add(c31, v128.load(o3, 16));
    c32 = f32x4.add(c32, v128.load(o3, 32));
    c33 = f32x4.add(c33, v128.load(o3, 48));
    c40 = f32x4.add(c40, v128.load(o4));
    c41 = f32x4.add(c41, v128.load(o4, 16));
    c42 = f32x4.add(c42, v128.load(o4, 32));
    c43 = f32x4.add(c43, v128.load(o4, 48));
    c50 = f32x4.add(c50, v128.load(o5));
    c51 = f32x4.add(c51, v128.load(o5, 16));
    c52 = f32x4.add(c52, v128.load(o5, 32));
    c53 = f32x4.add(c53, v128.load(o5, 48));
  }
  if (act != 0) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero);
    c01 = f32x4.max(c01, zero);
    c02 = f32x4.max(c02, zero);
    c03 = f32x4.max(c03, zero);
    c10 = f32x4.max(c10, zero);
    c11 = f32x4.max(c11, zero);
    c12 = f32x4.max(c12, zero);
    c13 = f32x4.max(c13, zero);
    c20 = f32x4.max(c20, zero);
    c21 = f32x4.max(c21, zero);
    c22 = f32x4.max(c22, zero);
    c23 = f32x4.max(c23, zero);
    c30 = f32x4.max(c30, zero);
    c31 = f32x4.max(c31, zero);
    c32 = f32x4.max(c32, zero);
    c33 = f32x4.max(c33, zero);
    c40 = f32x4.max(c40, zero);
    c41 = f32x4.max(c41, zero);
    c42 = f32x4.max(c42, zero);
    c43 = f32x4.max(c43, zero);
    c50 = f32x4.max(c50, zero);
    c51 = f32x4.max(c51, zero);
    c52 = f32x4.max(c52, zero);
    c53 = f32x4.max(c53, zero);
    if (act == 2) {
      const six = f32x4.splat(6);
      c00 = f32x4.min(c00, six);
      c01 = f32x4.min(c01, six);
      c02 = f32x4.min(c02, six);
      c03 = f32x4.min(c03, six);
      c10 = f32x4.min(c10, six);
      c11 = f32x4.min(c11, six);
      c12 = f32x4.min(c12, six);
      c13 = f32x4.min(c13, six);
      c20 = f32x4.min(c20, six);
      c21 = f32x4.min(c21, six);
      c22 = f32x4.min(c22, six);
      c23 = f32x4.min(c23, six);
      c30 = f32x4.min(c30, six);
      c31 = f32x4.min(c31, six);
      c32 = f32x4.min(c32, six);
      c33 = f32x4.min(c33, six);
      c40 = f32x4.min(c40, six);
      c41 = f32x4.min(c41, six);
      c42 = f32x4.min(c42, six);
      c43 = f32x4.min(c43, six);
      c50 = f32x4.min(c50, six);
      c51 = f32x4.min(c51, six);
      c52 = f32x4.min(c52, six);
      c53 = f32x4.min(c53, six);
    }
  }
  v128.store(o0, c03, 48);
  v128.store(o0, c02, 32);
  v128.store(o0, c01, 16);
  v128.store(o0, c00);
  v128.store(o1, c13, 48);
  v128.store(o1, c12, 32);
  v128.store(o1, c11, 16);
  v128.store(o1, c10);
  v128.store(o2, c23, 48);
  v128.store(o2, c22, 32);
  v128.store(o2, c21, 16);
  v128.store(o2, c20);
  v128.store(o3, c33, 48);
  v128.store(o3, c32, 32);
  v128.store(o3, c31, 16);
  v128.store(o3, c30);
  v128.store(o4, c43, 48);
  v128.store(o4, c42, 32);
  v128.store(o4, c41, 16);
  v128.store(o4, c40);
  v128.store(o5, c53, 48);
  v128.store(o5, c52, 32);
  v128.store(o5, c51, 16);
  v128.store(o5, c50);
}
