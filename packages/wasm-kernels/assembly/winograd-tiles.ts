// The two-dimensional transforms of tiles: columns into a small intermediate that stays in the first-level cache, then rows.
import { readAhead } from './pack';
import { activate, madd } from './simd';
import { PANEL } from './tile-shape';
import {
  CHUNK,
  CUBE_A,
  CUBE_B,
  gradientLine,
  gradientLineHigh,
  gradientLineLow,
  HALF,
  inputLine,
  inputLineHigh,
  inputLineLow,
  outputLine,
  PLUS_A,
  PLUS_B,
  TWO,
} from './winograd-lines';
import {
  CUBE_A_VALUE,
  CUBE_B_VALUE,
  gradientLineHighPairs,
  gradientLineLowPairs,
  gradientLinePairs,
  gradientLineRows,
  HALF_VALUE,
  inputLineHighPairs,
  inputLineLowPairs,
  inputLinePairs,
  inputLineRows,
  outputLinePairs,
  PLUS_A_VALUE,
  PLUS_B_VALUE,
  TWO_VALUE,
} from './winograd-pairs';

/** Bytes between the rows of the 6 × 6 intermediate, for which STRIDED_TILE_SCRATCH is more than enough. */
const LINE: usize = 6 * CHUNK;

// Which rows of points a transform makes: all, or those of one of two members that share them. Both read all pixels; no arithmetic is done twice.
export const ALL: i32 = 0;
export const LOW: i32 = 1;
export const HIGH: i32 = 2;

/** Address of a pixel, or of the row of zeros where the image ends. */
// @inline
export function pixelOr(image: usize, row: i32, column: i32, height: i32, width: i32, bytes: usize, outside: usize): usize {
  return (row as u32) < (height as u32) && (column as u32) < (width as u32) ? image + <usize>(row * width + column) * bytes : outside;
}

/** Reads rows `from` to `to` of an image, as far as it has them, into the cache: tiles walk them in steps that the processor does not see coming. */
export function readImageRows(image: usize, from: i32, to: i32, height: i32, rowBytes: usize, scratch: usize): void {
  from = max(from, 0);
  to = min(to, height);
  if (from < to) readAhead(image + <usize>from * rowBytes, <usize>(to - from) * rowBytes, scratch);
}

/** A column of inputTile: the lines of `rows`. */
// @inline
function inputColumn(rows: i32, p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize, line: usize, size: usize): void {
  let c: usize = 0;
  if (rows == LOW) {
    if (PANEL == 16) {
      inputLineLowPairs(p0, p1, p2, p3, p4, line, LINE, <i32>(size >> 5), 32, 32);
      c = size & ~31;
    }
    for (; c < size; c += 16) {
      inputLineLow(v128.load(p0 + c), v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), v128.load(p4 + c), line + c, LINE);
    }
  } else if (rows == HIGH) {
    if (PANEL == 16) {
      inputLineHighPairs(p1, p2, p3, p4, p5, line, LINE, <i32>(size >> 5), 32, 32);
      c = size & ~31;
    }
    for (; c < size; c += 16) {
      inputLineHigh(v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), v128.load(p4 + c), v128.load(p5 + c), line + c, LINE);
    }
  } else {
    if (PANEL == 16) {
      inputLinePairs(p0, p1, p2, p3, p4, p5, line, LINE, <i32>(size >> 5), 32, 32);
      c = size & ~31;
    }
    for (; c < size; c += 16) {
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
}

/** A column of gradientTile: the lines of `rows`. */
// @inline
function gradientColumn(rows: i32, p0: usize, p1: usize, p2: usize, p3: usize, line: usize, size: usize): void {
  let c: usize = 0;
  if (rows == LOW) {
    if (PANEL == 16) {
      gradientLineLowPairs(p0, p1, p2, p3, line, LINE, <i32>(size >> 5), 32, 32);
      c = size & ~31;
    }
    for (; c < size; c += 16) {
      gradientLineLow(v128.load(p0 + c), v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), line + c, LINE);
    }
  } else if (rows == HIGH) {
    if (PANEL == 16) {
      gradientLineHighPairs(p0, p1, p2, p3, line, LINE, <i32>(size >> 5), 32, 32);
      c = size & ~31;
    }
    for (; c < size; c += 16) {
      gradientLineHigh(v128.load(p0 + c), v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), line + c, LINE);
    }
  } else {
    if (PANEL == 16) {
      gradientLinePairs(p0, p1, p2, p3, line, LINE, <i32>(size >> 5), 32, 32);
      c = size & ~31;
    }
    for (; c < size; c += 16) {
      gradientLine(v128.load(p0 + c), v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), line + c, LINE);
    }
  }
}

/** The first row of points of `rows`, of six. */
// @inline
function fromRow(rows: i32): i32 {
  return rows == HIGH ? 3 : 0;
}

/** The row behind the last one. */
// @inline
function toRow(rows: i32): i32 {
  return rows == LOW ? 3 : 6;
}

/**
 * Bᵀ d B of the 6 × 6 pixels at (top, left) of an image with `bytes` per pixel, the first `part` bytes (multiples of 16): point p goes to `to + p * plane`.
 * Pixels outside are read from `zeros`.
 */
export function inputTile(
  rows: i32,
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  part: usize,
  top: i32,
  left: i32,
  zeros: usize,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  for (let start: usize = 0; start < part; start += CHUNK) {
    const size = min(CHUNK, part - start);
    for (let j = 0; j < 6; j++) {
      const p0 = pixelOr(image, top, left + j, height, width, bytes, zeros) + start;
      const p1 = pixelOr(image, top + 1, left + j, height, width, bytes, zeros) + start;
      const p2 = pixelOr(image, top + 2, left + j, height, width, bytes, zeros) + start;
      const p3 = pixelOr(image, top + 3, left + j, height, width, bytes, zeros) + start;
      const p4 = pixelOr(image, top + 4, left + j, height, width, bytes, zeros) + start;
      const p5 = pixelOr(image, top + 5, left + j, height, width, bytes, zeros) + start;
      inputColumn(rows, p0, p1, p2, p3, p4, p5, scratch + <usize>j * CHUNK, size);
    }
    const end = toRow(rows);
    let line = scratch + <usize>fromRow(rows) * LINE;
    let row = to + start + <usize>(fromRow(rows) * 6) * plane;
    for (let i = fromRow(rows); i < end; i++) {
      let point = row;
      let c: usize = 0;
      if (PANEL == 16) {
        inputLineRows(line, point, plane, <i32>(size >> 5), 32, 32);
        c = size & ~31;
        point += c;
      }
      for (; c < size; c += 16) {
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
  rows: i32,
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  part: usize,
  top: i32,
  left: i32,
  zeros: usize,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  for (let start: usize = 0; start < part; start += CHUNK) {
    const size = min(CHUNK, part - start);
    for (let j = 0; j < 4; j++) {
      const p0 = pixelOr(image, top, left + j, height, width, bytes, zeros) + start;
      const p1 = pixelOr(image, top + 1, left + j, height, width, bytes, zeros) + start;
      const p2 = pixelOr(image, top + 2, left + j, height, width, bytes, zeros) + start;
      const p3 = pixelOr(image, top + 3, left + j, height, width, bytes, zeros) + start;
      gradientColumn(rows, p0, p1, p2, p3, scratch + <usize>j * CHUNK, size);
    }
    const end = toRow(rows);
    let line = scratch + <usize>fromRow(rows) * LINE;
    let row = to + start + <usize>(fromRow(rows) * 6) * plane;
    for (let i = fromRow(rows); i < end; i++) {
      let point = row;
      let c: usize = 0;
      if (PANEL == 16) {
        gradientLineRows(line, point, plane, <i32>(size >> 5), 32, 32);
        c = size & ~31;
        point += c;
      }
      for (; c < size; c += 16) {
        const s = line + c;
        gradientLine(v128.load(s), v128.load(s, CHUNK), v128.load(s, 2 * CHUNK), v128.load(s, 3 * CHUNK), point, plane);
        point += 16;
      }
      line += LINE;
      row += 6 * plane;
    }
  }
}

/** The last line of outputTile for two vectors side by side: six values, CHUNK bytes apart, and the bias to four pixels. */
// @inline
function outputPixelsPair(s: usize, bias: usize, p0: usize, p1: usize, p2: usize, p3: usize, act: i32): void {
  const plusA = f32x4.splat(PLUS_A_VALUE);
  const plusB = f32x4.splat(PLUS_B_VALUE);
  const half = f32x4.splat(HALF_VALUE);
  const two = f32x4.splat(TWO_VALUE);
  const cubeA = f32x4.splat(CUBE_A_VALUE);
  const cubeB = f32x4.splat(CUBE_B_VALUE);
  const u0 = v128.load(s);
  const v0 = v128.load(s, 16);
  const u1 = v128.load(s, CHUNK);
  const v1 = v128.load(s, CHUNK + 16);
  const u2 = v128.load(s, 2 * CHUNK);
  const v2 = v128.load(s, 2 * CHUNK + 16);
  const u3 = v128.load(s, 3 * CHUNK);
  const v3 = v128.load(s, 3 * CHUNK + 16);
  const u4 = v128.load(s, 4 * CHUNK);
  const v4 = v128.load(s, 4 * CHUNK + 16);
  const u5 = v128.load(s, 5 * CHUNK);
  const v5 = v128.load(s, 5 * CHUNK + 16);
  const shift = v128.load(bias);
  const shiftV = v128.load(bias, 16);
  const near = f32x4.add(u1, u2);
  const nearV = f32x4.add(v1, v2);
  const far = f32x4.add(u3, u4);
  const farV = f32x4.add(v3, v4);
  const nearOdd = f32x4.sub(u1, u2);
  const nearOddV = f32x4.sub(v1, v2);
  const farOdd = f32x4.sub(u3, u4);
  const farOddV = f32x4.sub(v3, v4);
  let r0 = f32x4.add(f32x4.add(u0, shift), f32x4.add(near, far));
  let q0 = f32x4.add(f32x4.add(v0, shiftV), f32x4.add(nearV, farV));
  let r1 = madd(plusA, nearOdd, madd(plusB, farOdd, shift));
  let q1 = madd(plusA, nearOddV, madd(plusB, farOddV, shiftV));
  let r2 = madd(half, near, madd(two, far, shift));
  let q2 = madd(half, nearV, madd(two, farV, shiftV));
  let r3 = madd(cubeA, nearOdd, madd(cubeB, farOdd, f32x4.add(u5, shift)));
  let q3 = madd(cubeA, nearOddV, madd(cubeB, farOddV, f32x4.add(v5, shiftV)));
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
      let c: usize = 0;
      if (PANEL == 16) {
        outputLinePairs(column, m1, m2, m3, m4, m5, line, LINE, <i32>(size >> 5), 32, 32);
        c = size & ~31;
      }
      for (; c < size; c += 16) {
        outputLine(
          v128.load(column + c),
          v128.load(m1 + c),
          v128.load(m2 + c),
          v128.load(m3 + c),
          v128.load(m4 + c),
          v128.load(m5 + c),
          line + c,
          LINE,
        );
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
        for (; c + 32 <= size; c += 32) outputPixelsPair(line + c, b + c, p0 + c, p1 + c, p2 + c, p3 + c, act);
      }
      for (; c < size; c += 16) {
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
