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

/** `f` is a constant: the call is inlined. */
// @inline
function combine(f: i32, a: usize, b: usize, y: usize, count: i32, wideA: i32, wideB: i32): void {
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = y + ((<usize>shareTo(count, LINE)) << 2);
  y += from;
  if (wideA && wideB) {
    a += from;
    b += from;
    for (; y + 32 <= end; y += 32) {
      const r = join(f, v128.load(a), v128.load(b));
      const s = join(f, v128.load(a, 16), v128.load(b, 16));
      v128.store(y, s, 16);
      v128.store(y, r);
      a += 32;
      b += 32;
    }
  }
  let va = v128.load32_splat(a);
  let vb = v128.load32_splat(b);
  if (wideA && !wideB) a += from;
  if (wideB && !wideA) b += from;
  for (; y + 16 <= end; y += 16) {
    if (wideA) va = v128.load(a);
    if (wideB) vb = v128.load(b);
    v128.store(y, join(f, va, vb));
    a += 16;
    b += 16;
  }
  const rest = (<i32>(end - y)) >> 2;
  if (rest == 0) return;
  if (wideA) va = loadTail(a, rest, ZERO);
  if (wideB) vb = loadTail(b, rest, ZERO);
  storeTail(y, join(f, va, vb), rest);
}

/** y = a + b, a - b, a * b or a / b, by `f` from 0, for `count` numbers; an operand that is not `wide` is one number. */
export function arithmetic(f: i32, a: usize, b: usize, y: usize, count: i32, wideA: i32, wideB: i32): void {
  if (f == ADD) combine(ADD, a, b, y, count, wideA, wideB);
  else if (f == SUBTRACT) combine(SUBTRACT, a, b, y, count, wideA, wideB);
  else if (f == MULTIPLY) combine(MULTIPLY, a, b, y, count, wideA, wideB);
  else combine(3, a, b, y, count, wideA, wideB);
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
