// Packing of the right operand into panels of 8 columns: [k][8], zero where the matrix has no column.

/** Copies rows k0..k0+kc of 8 columns from `src` (row-major [k, n], `ld` bytes per row). Returns the end of what it wrote. */
export function packPlain(src: usize, ld: usize, kc: i32, nr: i32, dst: usize): usize {
  if (nr == 8) {
    for (let k = 0; k < kc; k++) {
      v128.store(dst, v128.load(src));
      v128.store(dst, v128.load(src, 16), 16);
      src += ld;
      dst += 32;
    }
    return dst;
  }
  const width = (<usize>nr) << 2;
  for (let k = 0; k < kc; k++) {
    v128.store(dst, f32x4.splat(0));
    v128.store(dst, f32x4.splat(0), 16);
    for (let j: usize = 0; j < width; j += 4) store<f32>(dst + j, load<f32>(src + j));
    src += ld;
    dst += 32;
  }
  return dst;
}

/** The same from a matrix stored as [n, k] (`ld` bytes per column of the operand). */
export function packTransposed(src: usize, ld: usize, kc: i32, nr: i32, dst: usize): usize {
  const end = dst + ((<usize>kc) << 5);
  if (nr < 8) memory.fill(dst, 0, (<usize>kc) << 5);
  let j = 0;
  while (j < nr) {
    if (j + 4 <= nr && (j & 3) == 0) {
      packFour(src + <usize>j * ld, ld, kc, dst + ((<usize>j) << 2));
      j += 4;
    } else {
      let s = src + <usize>j * ld;
      for (let d = dst + ((<usize>j) << 2); d < end; d += 32) {
        store<f32>(d, load<f32>(s));
        s += 4;
      }
      j++;
    }
  }
  return end;
}

function packFour(s0: usize, ld: usize, kc: i32, dst: usize): void {
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
    v128.store(dst, i64x2.shuffle(a, b, 1, 3), 32);
    v128.store(dst, i64x2.shuffle(c, d, 0, 2), 64);
    v128.store(dst, i64x2.shuffle(c, d, 1, 3), 96);
    s0 += 16;
    s1 += 16;
    s2 += 16;
    s3 += 16;
    dst += 128;
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
    dst += 32;
  }
}

/** Bias as whole panels of 8 values, zeros where there is none. */
export function packBias(bias: usize, n: i32, dst: usize): void {
  memory.fill(dst, 0, (<usize>((n + 7) & ~7)) << 2);
  if (bias != 0) memory.copy(dst, bias, (<usize>n) << 2);
}
