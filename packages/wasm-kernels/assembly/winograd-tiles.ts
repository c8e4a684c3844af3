// The two-dimensional transforms of tiles: columns into a small intermediate that stays in the first-level cache, then rows.
import { activate, madd } from './simd';
import { CUBE_A, CUBE_B, gradientLine, HALF, inputLine, PLUS_A, PLUS_B, TWO } from './winograd-lines';

/** Bytes of a chunk: 64 channels. */
const CHUNK: usize = 256;
/** Bytes between the rows of the 6 × 6 intermediate, for which STRIDED_TILE_SCRATCH is more than enough. */
const LINE: usize = 6 * CHUNK;

/** Address of a pixel, or of the row of zeros where the image ends. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function pixelOr(image: usize, row: i32, column: i32, height: i32, width: i32, bytes: usize, outside: usize): usize {
  return (row as u32) < (height as u32) && (column as u32) < (width as u32) ? image + <usize>(row * width + column) * bytes : outside;
}

/**
 * Bᵀ d B of the 6 × 6 pixels at (top, left) of an image with `bytes` per pixel (a multiple of 16): point p goes to `to + p * plane`.
 * Pixels outside are read from `zeros`.
 */
export function inputTile(
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  top: i32,
  left: i32,
  zeros: usize,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  for (let start: usize = 0; start < bytes; start += CHUNK) {
    const size = min(CHUNK, bytes - start);
    for (let j = 0; j < 6; j++) {
      const p0 = pixelOr(image, top, left + j, height, width, bytes, zeros) + start;
      const p1 = pixelOr(image, top + 1, left + j, height, width, bytes, zeros) + start;
      const p2 = pixelOr(image, top + 2, left + j, height, width, bytes, zeros) + start;
      const p3 = pixelOr(image, top + 3, left + j, height, width, bytes, zeros) + start;
      const p4 = pixelOr(image, top + 4, left + j, height, width, bytes, zeros) + start;
      const p5 = pixelOr(image, top + 5, left + j, height, width, bytes, zeros) + start;
      const line = scratch + <usize>j * CHUNK;
      for (let c: usize = 0; c < size; c += 16) {
        inputLine(
          v128.load(p0 + c),
          v128.load(p1 + c),
          v128.load(p2 + c),
          v128.load(p3 + c),
          v128.load(p4 + c),
          v128.load(p5 + c),
          line + c,
          LINE,
        );
      }
    }
    let line = scratch;
    let row = to + start;
    for (let i = 0; i < 6; i++) {
      let point = row;
      for (let c: usize = 0; c < size; c += 16) {
        const s = line + c;
        inputLine(
          v128.load(s),
          v128.load(s, CHUNK),
          v128.load(s, 2 * CHUNK),
          v128.load(s, 3 * CHUNK),
          v128.load(s, 4 * CHUNK),
          v128.load(s, 5 * CHUNK),
          point,
          plane,
        );
        point += 16;
      }
      line += LINE;
      row += 6 * plane;
    }
  }
}

/** A dy Aᵀ of the 4 × 4 pixels at (top, left): the transpose of outputTile. */
export function gradientTile(
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  top: i32,
  left: i32,
  zeros: usize,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  for (let start: usize = 0; start < bytes; start += CHUNK) {
    const size = min(CHUNK, bytes - start);
    for (let j = 0; j < 4; j++) {
      const p0 = pixelOr(image, top, left + j, height, width, bytes, zeros) + start;
      const p1 = pixelOr(image, top + 1, left + j, height, width, bytes, zeros) + start;
      const p2 = pixelOr(image, top + 2, left + j, height, width, bytes, zeros) + start;
      const p3 = pixelOr(image, top + 3, left + j, height, width, bytes, zeros) + start;
      const line = scratch + <usize>j * CHUNK;
      for (let c: usize = 0; c < size; c += 16) {
        gradientLine(v128.load(p0 + c), v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), line + c, LINE);
      }
    }
    let line = scratch;
    let row = to + start;
    for (let i = 0; i < 6; i++) {
      let point = row;
      for (let c: usize = 0; c < size; c += 16) {
        const s = line + c;
        gradientLine(v128.load(s), v128.load(s, CHUNK), v128.load(s, 2 * CHUNK), v128.load(s, 3 * CHUNK), point, plane);
        point += 16;
      }
      line += LINE;
      row += 6 * plane;
    }
  }
}

/**
 * act(bias + Aᵀ m A): the points of one tile at `from + p * plane` to the 4 × 4 pixels at (top, left) of an image with `bytes` per pixel.
 * Pixels outside are written to `dump`.
 */
export function outputTile(
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
  for (let start: usize = 0; start < bytes; start += CHUNK) {
    const size = min(CHUNK, bytes - start);
    let column = from + start;
    for (let j = 0; j < 6; j++) {
      const line = scratch + <usize>j * CHUNK;
      const step = 6 * plane;
      const m1 = column + step;
      const m2 = m1 + step;
      const m3 = m2 + step;
      const m4 = m3 + step;
      const m5 = m4 + step;
      for (let c: usize = 0; c < size; c += 16) {
        const u1 = v128.load(m1 + c);
        const u2 = v128.load(m2 + c);
        const u3 = v128.load(m3 + c);
        const u4 = v128.load(m4 + c);
        const near = f32x4.add(u1, u2);
        const far = f32x4.add(u3, u4);
        const nearOdd = f32x4.sub(u1, u2);
        const farOdd = f32x4.sub(u3, u4);
        const s = line + c;
        v128.store(s, f32x4.add(v128.load(column + c), f32x4.add(near, far)));
        v128.store(s, madd(PLUS_A, nearOdd, f32x4.mul(PLUS_B, farOdd)), LINE);
        v128.store(s, madd(HALF, near, f32x4.add(far, far)), 2 * LINE);
        v128.store(s, madd(CUBE_A, nearOdd, madd(CUBE_B, farOdd, v128.load(m5 + c))), 3 * LINE);
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
        const s = line + c;
        const u1 = v128.load(s, CHUNK);
        const u2 = v128.load(s, 2 * CHUNK);
        const u3 = v128.load(s, 3 * CHUNK);
        const u4 = v128.load(s, 4 * CHUNK);
        const near = f32x4.add(u1, u2);
        const far = f32x4.add(u3, u4);
        const nearOdd = f32x4.sub(u1, u2);
        const farOdd = f32x4.sub(u3, u4);
        const shift = v128.load(b + c);
        v128.store(p0 + c, activate(f32x4.add(f32x4.add(v128.load(s), shift), f32x4.add(near, far)), act));
        v128.store(p1 + c, activate(madd(PLUS_A, nearOdd, madd(PLUS_B, farOdd, shift)), act));
        v128.store(p2 + c, activate(madd(HALF, near, madd(TWO, far, shift)), act));
        const last = f32x4.add(v128.load(s, 5 * CHUNK), shift);
        v128.store(p3 + c, activate(madd(CUBE_A, nearOdd, madd(CUBE_B, farOdd, last)), act));
      }
      line += LINE;
    }
  }
}
