// Register tiles of 6 rows x 8 columns: 12 accumulators, two vectors of B and one broadcast of A fill 15 of the 16 vector registers that V8 uses.
// The k loops are deliberately not unrolled: unrolling makes the compiler spill accumulators.
import { activate, madd } from './simd';

/**
 * rows x panel: six row pointers per tap, taken from `tab` (taps are `tabStride` bytes apart), each row contiguous over k.
 * `init` points to the 8 values that are added to the panel's columns (a bias, zeros), or is 0 to add to what the output holds. Sums start at zero, which
 * keeps their rounding error small.
 * The six output rows come from `out`, shifted by `outOffset` bytes.
 */
export function tileRows(
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
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128;
  let c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128;
  c00 = f32x4.splat(0);
  c01 = c00;
  c10 = c00;
  c11 = c00;
  c20 = c00;
  c21 = c00;
  c30 = c00;
  c31 = c00;
  c40 = c00;
  c41 = c00;
  c50 = c00;
  c51 = c00;
  const span = (<usize>kc) << 5;
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
    let o = load<usize>(out) + outOffset;
    c00 = f32x4.add(c00, v128.load(o));
    c01 = f32x4.add(c01, v128.load(o, 16));
    o = load<usize>(out, 4) + outOffset;
    c10 = f32x4.add(c10, v128.load(o));
    c11 = f32x4.add(c11, v128.load(o, 16));
    o = load<usize>(out, 8) + outOffset;
    c20 = f32x4.add(c20, v128.load(o));
    c21 = f32x4.add(c21, v128.load(o, 16));
    o = load<usize>(out, 12) + outOffset;
    c30 = f32x4.add(c30, v128.load(o));
    c31 = f32x4.add(c31, v128.load(o, 16));
    o = load<usize>(out, 16) + outOffset;
    c40 = f32x4.add(c40, v128.load(o));
    c41 = f32x4.add(c41, v128.load(o, 16));
    o = load<usize>(out, 20) + outOffset;
    c50 = f32x4.add(c50, v128.load(o));
    c51 = f32x4.add(c51, v128.load(o, 16));
  }
  let o = load<usize>(out) + outOffset;
  v128.store(o, activate(c00, act));
  v128.store(o, activate(c01, act), 16);
  o = load<usize>(out, 4) + outOffset;
  v128.store(o, activate(c10, act));
  v128.store(o, activate(c11, act), 16);
  o = load<usize>(out, 8) + outOffset;
  v128.store(o, activate(c20, act));
  v128.store(o, activate(c21, act), 16);
  o = load<usize>(out, 12) + outOffset;
  v128.store(o, activate(c30, act));
  v128.store(o, activate(c31, act), 16);
  o = load<usize>(out, 16) + outOffset;
  v128.store(o, activate(c40, act));
  v128.store(o, activate(c41, act), 16);
  o = load<usize>(out, 20) + outOffset;
  v128.store(o, activate(c50, act));
  v128.store(o, activate(c51, act), 16);
}

/**
 * columns x panel (A transposed): for each k six values of A, `lda` bytes apart, and eight of B, `ldb` bytes apart.
 * Output row i is at `c + i * ldc`. `init` as in tileRows.
 */
export function tileColumns(a6: usize, lda: usize, count: i32, b: usize, ldb: usize, init: usize, c: usize, ldc: usize, act: i32): void {
  let c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128;
  let c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128;
  c00 = f32x4.splat(0);
  c01 = c00;
  c10 = c00;
  c11 = c00;
  c20 = c00;
  c21 = c00;
  c30 = c00;
  c31 = c00;
  c40 = c00;
  c41 = c00;
  c50 = c00;
  c51 = c00;
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
    let o = c;
    c00 = f32x4.add(c00, v128.load(o));
    c01 = f32x4.add(c01, v128.load(o, 16));
    o += ldc;
    c10 = f32x4.add(c10, v128.load(o));
    c11 = f32x4.add(c11, v128.load(o, 16));
    o += ldc;
    c20 = f32x4.add(c20, v128.load(o));
    c21 = f32x4.add(c21, v128.load(o, 16));
    o += ldc;
    c30 = f32x4.add(c30, v128.load(o));
    c31 = f32x4.add(c31, v128.load(o, 16));
    o += ldc;
    c40 = f32x4.add(c40, v128.load(o));
    c41 = f32x4.add(c41, v128.load(o, 16));
    o += ldc;
    c50 = f32x4.add(c50, v128.load(o));
    c51 = f32x4.add(c51, v128.load(o, 16));
  }
  let o = c;
  v128.store(o, activate(c00, act));
  v128.store(o, activate(c01, act), 16);
  o += ldc;
  v128.store(o, activate(c10, act));
  v128.store(o, activate(c11, act), 16);
  o += ldc;
  v128.store(o, activate(c20, act));
  v128.store(o, activate(c21, act), 16);
  o += ldc;
  v128.store(o, activate(c30, act));
  v128.store(o, activate(c31, act), 16);
  o += ldc;
  v128.store(o, activate(c40, act));
  v128.store(o, activate(c41, act), 16);
  o += ldc;
  v128.store(o, activate(c50, act));
  v128.store(o, activate(c51, act), 16);
}
