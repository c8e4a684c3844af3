// Sums, differences, products and quotients of numbers, element by element; and rows in another order. Both are bound by memory.
import { ZERO } from './constant';
import { loadTail, storeTail } from './tail';
import { LINE, shareFrom, shareTo } from './team';

// @inline
const ADD: i32 = 0;
// @inline
const SUBTRACT: i32 = 1;
// @inline
const MULTIPLY: i32 = 2;

// @inline
function join(f: i32, a: v128, b: v128): v128 {
  if (f == ADD) return f32x4.add(a, b);
  if (f == SUBTRACT) return f32x4.sub(a, b);
  if (f == MULTIPLY) return f32x4.mul(a, b);
  return f32x4.div(a, b);
}

/** y = f(a, b) for `bytes` of numbers; `f` is a constant: the call is inlined. */
// @inline
function span(f: i32, a: usize, b: usize, y: usize, bytes: usize, wideA: bool, wideB: bool): void {
  let va = f32x4.splat(load<f32>(a)),
    vb = f32x4.splat(load<f32>(b));
  let i: usize = 0;
  if (wideA && wideB) {
    for (; i + 32 <= bytes; i += 32) {
      const r = join(f, v128.load(a + i), v128.load(b + i));
      const s = join(f, v128.load(a + i, 16), v128.load(b + i, 16));
      v128.store(y + i, s, 16);
      v128.store(y + i, r);
    }
  } else if (wideA) {
    for (; i + 32 <= bytes; i += 32) {
      const r = join(f, v128.load(a + i), vb);
      const s = join(f, v128.load(a + i, 16), vb);
      v128.store(y + i, s, 16);
      v128.store(y + i, r);
    }
  } else if (wideB) {
    for (; i + 32 <= bytes; i += 32) {
      const r = join(f, va, v128.load(b + i));
      const s = join(f, va, v128.load(b + i, 16));
      v128.store(y + i, s, 16);
      v128.store(y + i, r);
    }
  }
  for (; i + 16 <= bytes; i += 16) {
    if (wideA) va = v128.load(a + i);
    if (wideB) vb = v128.load(b + i);
    v128.store(y + i, join(f, va, vb));
  }
  const rest = (<i32>(bytes - i)) >> 2;
  if (rest == 0) return;
  if (wideA) va = loadTail(a + i, rest, ZERO);
  if (wideB) vb = loadTail(b + i, rest, ZERO);
  storeTail(y + i, join(f, va, vb), rest);
}

/** One function per `f`, for rows; members share the lines of y, and the first and last row of one may be parts. */
// @inline
function combine(
  f: i32,
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  stepA: usize,
  stepB: usize,
  wideA: bool,
  wideB: bool,
): void {
  const count = rows * columns;
  let i = shareFrom(count, LINE);
  const last = shareTo(count, LINE);
  if (i >= last) return;
  const row = i / columns;
  let column = i - row * columns;
  a += <usize>row * stepA;
  b += <usize>row * stepB;
  while (i < last) {
    const part = min(columns - column, last - i);
    const from = (<usize>column) << 2;
    span(f, a + (wideA ? from : 0), b + (wideB ? from : 0), y + ((<usize>i) << 2), (<usize>part) << 2, wideA, wideB);
    a += stepA;
    b += stepB;
    i += part;
    column = 0;
  }
}

/**
 * y = a + b, a - b, a * b or a / b, by `f` from 0, for rows of `columns` numbers. In each row an operand that is not `wide` is one number; those of the next row
 * are `stepA` and `stepB` bytes further on: 0 where the rows share them.
 */
export function arithmetic(
  f: i32,
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  columns: i32,
  stepA: usize,
  stepB: usize,
  wideA: bool,
  wideB: bool,
): void {
  if (f == ADD) combine(ADD, a, b, y, rows, columns, stepA, stepB, wideA, wideB);
  else if (f == SUBTRACT) combine(SUBTRACT, a, b, y, rows, columns, stepA, stepB, wideA, wideB);
  else if (f == MULTIPLY) combine(MULTIPLY, a, b, y, rows, columns, stepA, stepB, wideA, wideB);
  else combine(3, a, b, y, rows, columns, stepA, stepB, wideA, wideB);
}

/** Most rows that are written side by side. */
const MOST_STREAMS: i32 = 8;

/**
 * y[i, j, k] = x[i * stepI + j * stepJ + k * stepK] for rows of `bytes`, a multiple of 16; steps count rows. Where neighbors in x are few rows apart in y,
 * x is walked in order, else y: the processor expects rows that follow each other, or a few such walks side by side.
 */
export function permuteRows(x: usize, y: usize, sizeI: i32, sizeJ: i32, sizeK: i32, stepI: i32, stepJ: i32, stepK: i32, bytes: i32): void {
  const alongX = stepJ < stepK && sizeJ <= MOST_STREAMS;
  const rows = sizeI * sizeJ * sizeK;
  const last = shareTo(rows, 1);
  const row = <usize>bytes;
  const inner = alongX ? sizeJ : sizeK;
  const outer = alongX ? sizeK : sizeJ;
  const stepInner = alongX ? stepJ : stepK;
  const stepOuter = alongX ? stepK : stepJ;
  const first = shareFrom(rows, 1);
  let q = first % inner;
  let p = (first / inner) % outer;
  let i = first / inner / outer;
  for (let r = first; r < last; r++) {
    const from = x + <usize>(i * stepI + p * stepOuter + q * stepInner) * row;
    const to = y + <usize>(alongX ? (i * sizeJ + q) * sizeK + p : r) * row;
    for (let c: usize = 0; c < row; c += 16) v128.store(to + c, v128.load(from + c));
    if (++q < inner) continue;
    q = 0;
    if (++p < outer) continue;
    p = 0;
    i++;
  }
}
