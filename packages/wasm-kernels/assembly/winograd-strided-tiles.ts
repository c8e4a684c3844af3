// The transforms of tiles for stride 2: nine points per axis, five for the even pixels (a filter of two taps) and one for each of four odd pixels.
// Columns into a small intermediate that stays in the first-level cache, then rows.
import { PANEL } from './tile-shape';
import { CHUNK, pairGradientLine, pairInputLast, pairInputLine } from './winograd-lines';
import { pairGradientLinePairs, pairInputLastPairs, pairInputLinePairs } from './winograd-pairs';
import { ALL, HIGH, LOW, pixelOr } from './winograd-tiles';

/** Bytes between the rows of the intermediate. */
export const LINE: usize = 9 * CHUNK;
/** Scratch of a transform: 9 × 9 chunks. */
export const STRIDED_TILE_SCRATCH: usize = 9 * LINE;

/** Points 0 to 4 of a line of nine from the pixels p0, p2, p4, p6, p8. */
// @inline
function evenPoints(p0: usize, p2: usize, p4: usize, p6: usize, p8: usize, to: usize, step: usize, size: usize): void {
  let c: usize = 0;
  if (PANEL == 16) {
    pairInputLinePairs(p0, p2, p4, p6, p8, to, step, <i32>(size >> 5), 32, 32);
    c = size & ~31;
  }
  for (; c < size; c += 16) {
    pairInputLine(v128.load(p0 + c), v128.load(p2 + c), v128.load(p4 + c), v128.load(p6 + c), v128.load(p8 + c), to + c, step);
  }
}

/** Point 4 alone. */
// @inline
function lastEvenPoint(p0: usize, p4: usize, p8: usize, to: usize, step: usize, size: usize): void {
  let c: usize = 0;
  if (PANEL == 16) {
    pairInputLastPairs(p0, p4, p8, to, step, <i32>(size >> 5), 32, 32);
    c = size & ~31;
  }
  for (; c < size; c += 16) pairInputLast(v128.load(p0 + c), v128.load(p4 + c), v128.load(p8 + c), to + c, step);
}

/** Points 5 to 8 are the odd pixels themselves. */
// @inline
function oddPoints(p1: usize, p3: usize, p5: usize, p7: usize, to: usize, step: usize, size: usize): void {
  to += 5 * step;
  for (let c: usize = 0; c < size; c += 16) {
    v128.store(to + c, v128.load(p1 + c));
    v128.store(to + step + c, v128.load(p3 + c));
    v128.store(to + 2 * step + c, v128.load(p5 + c));
    v128.store(to + 3 * step + c, v128.load(p7 + c));
  }
}

/** The first row of points of `rows`, of nine; row 4 is shared. */
// @inline
function fromRow(rows: i32): i32 {
  return rows == HIGH ? 4 : 0;
}

/** Whether points 0 to 4 of a row belong to `rows`. */
// @inline
export function makesEven(rows: i32, row: i32): bool {
  return rows == ALL || (rows == LOW) == row < 5;
}

/** Whether points 5 to 8 of a row belong to `rows`. */
// @inline
export function makesOdd(rows: i32, row: i32): bool {
  return rows == ALL || (rows == LOW) == row < 4;
}

/**
 * The nine by nine points of the first `part` bytes of an input: of the 9 × 9 pixels at (top, left), or with `spread` of 5 × 5, of which four count as the odd ones too
 * (the input gradient): from `oddRow` and `oddColumn`, 0 or 1. Point p goes to `to + p * plane`; pixels outside are read from `zeros`.
 * LOW are the points of the even rows without the last four of row 4, 41 of 81.
 */
export function stridedInputTile(
  rows: i32,
  image: usize,
  height: i32,
  width: i32,
  bytes: usize,
  part: usize,
  top: i32,
  left: i32,
  spread: bool,
  oddRow: i32,
  oddColumn: i32,
  zeros: usize,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  const step = spread ? 1 : 2;
  const pixels = spread ? 5 : 9;
  for (let start: usize = 0; start < part; start += CHUNK) {
    const size = min(CHUNK, part - start);
    for (let j = 0; j < pixels; j++) {
      const line = scratch + <usize>j * CHUNK;
      const column = left + j;
      const p0 = pixelOr(image, top, column, height, width, bytes, zeros) + start;
      const p4 = pixelOr(image, top + 2 * step, column, height, width, bytes, zeros) + start;
      const p8 = pixelOr(image, top + 4 * step, column, height, width, bytes, zeros) + start;
      if (rows == HIGH) lastEvenPoint(p0, p4, p8, line, LINE, size);
      else {
        const p2 = pixelOr(image, top + step, column, height, width, bytes, zeros) + start;
        const p6 = pixelOr(image, top + 3 * step, column, height, width, bytes, zeros) + start;
        evenPoints(p0, p2, p4, p6, p8, line, LINE, size);
      }
      if (rows == LOW) continue;
      oddPoints(
        pixelOr(image, top + oddRow, column, height, width, bytes, zeros) + start,
        pixelOr(image, top + oddRow + step, column, height, width, bytes, zeros) + start,
        pixelOr(image, top + oddRow + 2 * step, column, height, width, bytes, zeros) + start,
        pixelOr(image, top + oddRow + 3 * step, column, height, width, bytes, zeros) + start,
        line,
        LINE,
        size,
      );
    }
    const unit = <usize>step * CHUNK;
    const last = rows == LOW ? 5 : 9;
    let line = scratch + <usize>fromRow(rows) * LINE;
    let row = to + start + <usize>(fromRow(rows) * 9) * plane;
    for (let i = fromRow(rows); i < last; i++) {
      if (makesEven(rows, i)) evenPoints(line, line + unit, line + 2 * unit, line + 3 * unit, line + 4 * unit, row, plane, size);
      if (makesOdd(rows, i)) {
        const odd = line + <usize>oddColumn * CHUNK;
        oddPoints(odd, odd + unit, odd + 2 * unit, odd + 3 * unit, row, plane, size);
      }
      line += LINE;
      row += 9 * plane;
    }
  }
}

/** Four values to the first five points of nine. */
// @inline
function evenGradients(p0: usize, p1: usize, p2: usize, p3: usize, to: usize, step: usize, size: usize): void {
  let c: usize = 0;
  if (PANEL == 16) {
    pairGradientLinePairs(p0, p1, p2, p3, to, step, <i32>(size >> 5), 32, 32);
    c = size & ~31;
  }
  for (; c < size; c += 16) {
    pairGradientLine(v128.load(p0 + c), v128.load(p1 + c), v128.load(p2 + c), v128.load(p3 + c), to + c, step);
  }
}

/** The nine by nine points, or those of `rows`, of the 4 × 4 output gradients at (top, left). */
export function stridedGradientTile(
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
      const line = scratch + <usize>j * CHUNK;
      if (rows == HIGH) copyPoint(p3, line + 4 * LINE, size);
      else evenGradients(p0, p1, p2, p3, line, LINE, size);
      if (rows != LOW) oddPoints(p0, p1, p2, p3, line, LINE, size);
    }
    const last = rows == LOW ? 5 : 9;
    let line = scratch + <usize>fromRow(rows) * LINE;
    let row = to + start + <usize>(fromRow(rows) * 9) * plane;
    for (let i = fromRow(rows); i < last; i++) {
      if (makesEven(rows, i)) evenGradients(line, line + CHUNK, line + 2 * CHUNK, line + 3 * CHUNK, row, plane, size);
      if (makesOdd(rows, i)) oddPoints(line, line + CHUNK, line + 2 * CHUNK, line + 3 * CHUNK, row, plane, size);
      line += LINE;
      row += 9 * plane;
    }
  }
}

/** Point 4 of a gradient is its last value. */
// @inline
function copyPoint(from: usize, to: usize, size: usize): void {
  for (let c: usize = 0; c < size; c += 16) v128.store(to + c, v128.load(from + c));
}
