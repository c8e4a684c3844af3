// Stride 2: from the nine by nine points of a tile back to pixels, 4 × 4 outputs or 8 × 8 input gradients.
import { activate, madd } from './simd';
import { PANEL } from './tile-shape';
import { LINE } from './winograd-strided-tiles';
import { CHUNK, CUBE_A, CUBE_B, HALF, PLUS_A, PLUS_B, TWO } from './winograd-lines';
import { CUBE_A_VALUE, CUBE_B_VALUE, HALF_VALUE, PLUS_A_VALUE, PLUS_B_VALUE, TWO_VALUE } from './winograd-pairs';
import { pixelOr } from './winograd-tiles';

/** Four outputs of the five points of a pair at `from`, `unit` bytes apart, plus what is given: written to p0 … p3. */
// @inline
function pairOutputs(
  from: usize,
  unit: usize,
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  act: i32,
): void {
  const u0 = v128.load(from);
  const u1 = v128.load(from + unit);
  const u2 = v128.load(from + 2 * unit);
  const u3 = v128.load(from + 3 * unit);
  const near = f32x4.add(u0, u1);
  const far = f32x4.add(u2, u3);
  const nearOdd = f32x4.sub(u0, u1);
  const farOdd = f32x4.sub(u2, u3);
  v128.store(p0, activate(f32x4.add(s0, f32x4.add(near, far)), act));
  v128.store(p1, activate(madd(PLUS_A, nearOdd, madd(PLUS_B, farOdd, s1)), act));
  v128.store(p2, activate(madd(HALF, near, madd(TWO, far, s2)), act));
  const last = f32x4.add(v128.load(from + 4 * unit), s3);
  v128.store(p3, activate(madd(CUBE_A, nearOdd, madd(CUBE_B, farOdd, last)), act));
}

/**
 * The same for two vectors side by side; what is given comes from `given` and the three places `next` bytes further on, or is zero where `given` is 0, plus
 * `bias`, where that is not 0.
 */
// @inline
function pairOutputsPair(
  from: usize,
  unit: usize,
  given: usize,
  next: usize,
  bias: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  act: i32,
): void {
  const plusA = f32x4.splat(PLUS_A_VALUE);
  const plusB = f32x4.splat(PLUS_B_VALUE);
  const half = f32x4.splat(HALF_VALUE);
  const two = f32x4.splat(TWO_VALUE);
  const cubeA = f32x4.splat(CUBE_A_VALUE);
  const cubeB = f32x4.splat(CUBE_B_VALUE);
  const none = f32x4.splat(0);
  const u0 = v128.load(from);
  const v0 = v128.load(from, 16);
  const u1 = v128.load(from + unit);
  const v1 = v128.load(from + unit, 16);
  const u2 = v128.load(from + 2 * unit);
  const v2 = v128.load(from + 2 * unit, 16);
  const u3 = v128.load(from + 3 * unit);
  const v3 = v128.load(from + 3 * unit, 16);
  const u4 = v128.load(from + 4 * unit);
  const v4 = v128.load(from + 4 * unit, 16);
  let s0 = none;
  let t0 = none;
  let s1 = none;
  let t1 = none;
  let s2 = none;
  let t2 = none;
  let s3 = none;
  let t3 = none;
  if (given != 0) {
    s0 = v128.load(given);
    t0 = v128.load(given, 16);
    s1 = v128.load(given + next);
    t1 = v128.load(given + next, 16);
    s2 = v128.load(given + 2 * next);
    t2 = v128.load(given + 2 * next, 16);
    s3 = v128.load(given + 3 * next);
    t3 = v128.load(given + 3 * next, 16);
  }
  if (bias != 0) {
    const shift = v128.load(bias);
    const shiftV = v128.load(bias, 16);
    s0 = f32x4.add(s0, shift);
    t0 = f32x4.add(t0, shiftV);
    s1 = f32x4.add(s1, shift);
    t1 = f32x4.add(t1, shiftV);
    s2 = f32x4.add(s2, shift);
    t2 = f32x4.add(t2, shiftV);
    s3 = f32x4.add(s3, shift);
    t3 = f32x4.add(t3, shiftV);
  }
  const near = f32x4.add(u0, u1);
  const nearV = f32x4.add(v0, v1);
  const far = f32x4.add(u2, u3);
  const farV = f32x4.add(v2, v3);
  const nearOdd = f32x4.sub(u0, u1);
  const nearOddV = f32x4.sub(v0, v1);
  const farOdd = f32x4.sub(u2, u3);
  const farOddV = f32x4.sub(v2, v3);
  let r0 = f32x4.add(s0, f32x4.add(near, far));
  let q0 = f32x4.add(t0, f32x4.add(nearV, farV));
  let r1 = madd(plusA, nearOdd, madd(plusB, farOdd, s1));
  let q1 = madd(plusA, nearOddV, madd(plusB, farOddV, t1));
  let r2 = madd(half, near, madd(two, far, s2));
  let q2 = madd(half, nearV, madd(two, farV, t2));
  let r3 = madd(cubeA, nearOdd, madd(cubeB, farOdd, f32x4.add(u4, s3)));
  let q3 = madd(cubeA, nearOddV, madd(cubeB, farOddV, f32x4.add(v4, t3)));
  if (act != 0) {
    const zero = f32x4.splat(0);
    r0 = f32x4.max(r0, zero);
    q0 = f32x4.max(q0, zero);
    r1 = f32x4.max(r1, zero);
    q1 = f32x4.max(q1, zero);
    r2 = f32x4.max(r2, zero);
    q2 = f32x4.max(q2, zero);
    r3 = f32x4.max(r3, zero);
    q3 = f32x4.max(q3, zero);
    if (act == 2) {
      const six = f32x4.splat(6);
      r0 = f32x4.min(r0, six);
      q0 = f32x4.min(q0, six);
      r1 = f32x4.min(r1, six);
      q1 = f32x4.min(q1, six);
      r2 = f32x4.min(r2, six);
      q2 = f32x4.min(q2, six);
      r3 = f32x4.min(r3, six);
      q3 = f32x4.min(q3, six);
    }
  }
  v128.store(p0, q0, 16);
  v128.store(p0, r0);
  v128.store(p1, q1, 16);
  v128.store(p1, r1);
  v128.store(p2, q2, 16);
  v128.store(p2, r2);
  v128.store(p3, q3, 16);
  v128.store(p3, r3);
}

/** act(bias + the 4 × 4 outputs) of the points of one tile, at (top, left); pixels outside are written to `dump`. */
export function stridedOutputTile(
  from: usize,
  plane: usize,
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  top: i32,
  left: i32,
  bias: usize,
  act: i32,
  dump: usize,
  scratch: usize,
): void {
  const unit = 9 * plane;
  for (let start: usize = 0; start < bytes; start += CHUNK) {
    const size = min(CHUNK, bytes - start);
    let column = from + start;
    for (let j = 0; j < 9; j++) {
      let line = scratch + <usize>j * CHUNK;
      let c: usize = 0;
      if (PANEL == 16) {
        for (; c + 32 <= size; c += 32) {
          const m = column + c;
          pairOutputsPair(m, unit, m + 5 * unit, unit, 0, line, line + LINE, line + 2 * LINE, line + 3 * LINE, 0);
          line += 32;
        }
      }
      for (; c < size; c += 16) {
        const m = column + c;
        const odd = m + 5 * unit;
        const s0 = v128.load(odd);
        const s1 = v128.load(odd + unit);
        const s2 = v128.load(odd + 2 * unit);
        const s3 = v128.load(odd + 3 * unit);
        pairOutputs(m, unit, s0, s1, s2, s3, line, line + LINE, line + 2 * LINE, line + 3 * LINE, 0);
        line += 16;
      }
      column += plane;
    }
    let line = scratch;
    for (let i = 0; i < 4; i++) {
      const p0 = pixelOr(image, top + i, left, height, width, bytes, dump) + start;
      const p1 = pixelOr(image, top + i, left + 1, height, width, bytes, dump) + start;
      const p2 = pixelOr(image, top + i, left + 2, height, width, bytes, dump) + start;
      const p3 = pixelOr(image, top + i, left + 3, height, width, bytes, dump) + start;
      const b = bias + start;
      let c: usize = 0;
      if (PANEL == 16) {
        for (; c + 32 <= size; c += 32) {
          const m = line + c;
          pairOutputsPair(m, CHUNK, m + 5 * CHUNK, CHUNK, b + c, p0 + c, p1 + c, p2 + c, p3 + c, act);
        }
      }
      for (; c < size; c += 16) {
        const m = line + c;
        const shift = v128.load(b + c);
        const s0 = f32x4.add(v128.load(m, 5 * CHUNK), shift);
        const s1 = f32x4.add(v128.load(m, 6 * CHUNK), shift);
        const s2 = f32x4.add(v128.load(m, 7 * CHUNK), shift);
        const s3 = f32x4.add(v128.load(m, 8 * CHUNK), shift);
        pairOutputs(m, CHUNK, s0, s1, s2, s3, p0 + c, p1 + c, p2 + c, p3 + c, act);
      }
      line += LINE;
    }
  }
}

/**
 * The 8 × 8 input gradients of the points of one tile, at (top, left): even pixels first, or odd ones where `oddRow`, `oddColumn` are 0. Pixels outside are
 * written to `dump`.
 */
export function stridedSpreadTile(
  from: usize,
  plane: usize,
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  top: i32,
  left: i32,
  oddRow: i32,
  oddColumn: i32,
  dump: usize,
  scratch: usize,
): void {
  const unit = 9 * plane;
  const none = f32x4.splat(0);
  for (let start: usize = 0; start < bytes; start += CHUNK) {
    const size = min(CHUNK, bytes - start);
    let column = from + start;
    for (let j = 0; j < 9; j++) {
      let line = scratch + <usize>j * CHUNK;
      let c: usize = 0;
      if (PANEL == 16) {
        for (; c + 32 <= size; c += 32) {
          pairOutputsPair(column + c, unit, 0, 0, 0, line, line + LINE, line + 2 * LINE, line + 3 * LINE, 0);
          line += 32;
        }
      }
      for (; c < size; c += 16) {
        pairOutputs(column + c, unit, none, none, none, none, line, line + LINE, line + 2 * LINE, line + 3 * LINE, 0);
        line += 16;
      }
      column += plane;
    }
    for (let i = 0; i < 8; i++) {
      // Even rows come from the intermediate, odd ones are points of their own.
      const odd = (i & 1) == oddRow;
      const source = odd ? from + start + <usize>(5 + (i >> 1)) * unit : scratch + <usize>(i >> 1) * LINE;
      const next = odd ? plane : CHUNK;
      const row = top + i;
      const even = left + 1 - oddColumn;
      const p0 = pixelOr(image, row, even, height, width, bytes, dump) + start;
      const p2 = pixelOr(image, row, even + 2, height, width, bytes, dump) + start;
      const p4 = pixelOr(image, row, even + 4, height, width, bytes, dump) + start;
      const p6 = pixelOr(image, row, even + 6, height, width, bytes, dump) + start;
      let c: usize = 0;
      if (PANEL == 16) {
        for (; c + 32 <= size; c += 32) pairOutputsPair(source + c, next, 0, 0, 0, p0 + c, p2 + c, p4 + c, p6 + c, 0);
      }
      for (; c < size; c += 16) {
        pairOutputs(source + c, next, none, none, none, none, p0 + c, p2 + c, p4 + c, p6 + c, 0);
      }
      for (let j = 0; j < 4; j++) {
        memory.copy(
          pixelOr(image, row, left + 2 * j + oddColumn, height, width, bytes, dump) + start,
          source + <usize>(5 + j) * next,
          size,
        );
      }
    }
  }
}
