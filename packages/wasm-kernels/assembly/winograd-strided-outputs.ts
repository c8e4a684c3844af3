// Stride 2: from the nine by nine points of a tile back to pixels, 4 × 4 outputs or 8 × 8 input gradients.
import { activate, madd } from './simd';
import { CHUNK, LINE } from './winograd-strided-tiles';
import { CUBE_A, CUBE_B, HALF, PLUS_A, PLUS_B, TWO } from './winograd-lines';
import { pixelOr } from './winograd-tiles';

/** Four outputs of the five points of a pair at `from`, `unit` bytes apart, plus what is given: written to p0 … p3. */
// @ts-expect-error a decorator of AssemblyScript
@inline
function pairOutputs(from: usize, unit: usize, s0: v128, s1: v128, s2: v128, s3: v128, p0: usize, p1: usize, p2: usize, p3: usize, act: i32): void {
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
      for (let c: usize = 0; c < size; c += 16) {
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
      for (let c: usize = 0; c < size; c += 16) {
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
      for (let c: usize = 0; c < size; c += 16) {
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
      for (let c: usize = 0; c < size; c += 16) {
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
