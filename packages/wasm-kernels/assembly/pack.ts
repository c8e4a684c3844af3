// Packing of the right operand into panels of 16 or 8 columns (tile-shape.ts): [k][columns], zero where the matrix has no column.
import { panelColumns } from './tile-shape';

/**
 * Copies rows k0..k0+kc of `nr` columns from `src` (row-major [k, n], `ld` bytes per row) into a panel of `width` columns. Returns the end of what it wrote.
 */
export function packPlain(src: usize, ld: usize, kc: i32, nr: i32, width: i32, dst: usize): usize {
  if (nr == width) {
    if (width == 16) {
      for (let k = 0; k < kc; k++) {
        const v0 = v128.load(src);
        const v1 = v128.load(src, 16);
        const v2 = v128.load(src, 32);
        const v3 = v128.load(src, 48);
        v128.store(dst, v1, 16);
        v128.store(dst, v0);
        v128.store(dst, v3, 48);
        v128.store(dst, v2, 32);
        src += ld;
        dst += 64;
      }
      return dst;
    }
    for (let k = 0; k < kc; k++) {
      v128.store(dst, v128.load(src, 16), 16);
      v128.store(dst, v128.load(src));
      src += ld;
      dst += 32;
    }
    return dst;
  }
  const bytes = (<usize>nr) << 2;
  const all = (<usize>width) << 2;
  for (let k = 0; k < kc; k++) {
    let j: usize = 0;
    for (; j < bytes; j += 4) store<f32>(dst + j, load<f32>(src + j));
    for (; j < all; j += 4) store<f32>(dst + j, 0);
    src += ld;
    dst += all;
  }
  return dst;
}

/** The same from a matrix stored as [n, k] (`ld` bytes per column of the operand). */
export function packTransposed(src: usize, ld: usize, kc: i32, nr: i32, width: i32, dst: usize): usize {
  const step = (<usize>width) << 2;
  const end = dst + <usize>kc * step;
  if (kc > 0) readRows(src, nr, ld, (<usize>kc) << 2, dst);
  if (nr < width) memory.fill(dst, 0, end - dst);
  let j = 0;
  while (j < nr) {
    if (j + 4 <= nr && (j & 3) == 0) {
      packFour(src + <usize>j * ld, ld, kc, dst + ((<usize>j) << 2), step);
      j += 4;
    } else {
      let s = src + <usize>j * ld;
      for (let d = dst + ((<usize>j) << 2); d < end; d += step) {
        store<f32>(d, load<f32>(s));
        s += 4;
      }
      j++;
    }
  }
  return end;
}

function packFour(s0: usize, ld: usize, kc: i32, dst: usize, step: usize): void {
  let s1 = s0 + ld;
  let s2 = s1 + ld;
  let s3 = s2 + ld;
  let k = 0;
  for (; k + 4 <= kc; k += 4) {
    const r0 = v128.load(s0),
      r1 = v128.load(s1),
      r2 = v128.load(s2),
      r3 = v128.load(s3);
    const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5); // r0[0] r1[0] r0[1] r1[1]
    const b = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const c = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const d = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(dst, i64x2.shuffle(a, b, 0, 2));
    v128.store(dst + step, i64x2.shuffle(a, b, 1, 3));
    v128.store(dst + 2 * step, i64x2.shuffle(c, d, 0, 2));
    v128.store(dst + 3 * step, i64x2.shuffle(c, d, 1, 3));
    s0 += 16;
    s1 += 16;
    s2 += 16;
    s3 += 16;
    dst += 4 * step;
  }
  for (; k < kc; k++) {
    store<f32>(dst, load<f32>(s0));
    store<f32>(dst, load<f32>(s1), 4);
    store<f32>(dst, load<f32>(s2), 8);
    store<f32>(dst, load<f32>(s3), 12);
    s0 += 4;
    s1 += 4;
    s2 += 4;
    s3 += 4;
    dst += step;
  }
}

/** Reads `rows` rows of `bytes`, `ld` bytes apart, into the cache; see readAhead. */
export function readRows(from: usize, rows: i32, ld: usize, bytes: usize, to: usize): void {
  if (bytes == ld) readAhead(from, <usize>rows * bytes, to);
  else {
    for (let i = 0; i < rows; i++) readAhead(from + <usize>i * ld, bytes, to);
  }
}

/** Bias as whole panels, zeros where there is none. */
export function packBias(bias: usize, n: i32, dst: usize): void {
  memory.fill(dst, 0, (<usize>panelColumns(n)) << 2);
  if (bias != 0) memory.copy(dst, bias, (<usize>n) << 2);
}

/** So many bytes of an operand are read ahead at a time: more would not stay in the second-level cache until they are used. */
export const READ_AHEAD: i32 = 1 << 20;

/**
 * Reads a number of each line of the cache, one line after the other, so that the lines are there when they are read in another order: in that one the
 * processor does not see what comes next. `to` takes four bytes of no meaning, without which the compiler would leave the reading out.
 */
export function readAhead(from: usize, bytes: usize, to: usize): void {
  const end = from + bytes;
  let a: i32 = 0;
  let b: i32 = 0;
  let c: i32 = 0;
  let d: i32 = 0;
  for (; from + 256 <= end; from += 256) {
    a |= load<i32>(from);
    b |= load<i32>(from, 64);
    c |= load<i32>(from, 128);
    d |= load<i32>(from, 192);
  }
  for (; from < end; from += 64) a |= load<i32>(from);
  store<i32>(to, a | b | c | d);
}
