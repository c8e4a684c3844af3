// Elementwise functions: y = f(x), and for gradients dx = f(x) * dy.
import { ZERO } from './constant';
import { erfv, expv, tanhv } from './exp';
import { gelu, geluSlope } from './gelu';
import { erfvRun, expvRun, geluGradRun, geluRun, geluTanhGradRun, geluTanhRun, tanhvRun } from './exp-wide';
import { loadTail, storeTail } from './tail';
import { LINE, shareFrom, shareTo } from './team';
import { PANEL } from './tile-shape';

// @inline
const EXP: i32 = 0;
// @inline
const ERF: i32 = 1;
// @inline
const TANH: i32 = 2;
// @inline
const GELU: i32 = 3;
// @inline
const GELU_TANH: i32 = 4;
// @inline
const GELU_GRAD: i32 = 5;
// @inline
const GELU_TANH_GRAD: i32 = 6;

// @inline
function apply(f: i32, x: v128): v128 {
  if (f == EXP) return expv(x);
  if (f == ERF) return erfv(x);
  if (f == TANH) return tanhv(x);
  if (f == GELU) return gelu(x, false);
  if (f == GELU_TANH) return gelu(x, true);
  return geluSlope(x, f == GELU_TANH_GRAD);
}

/** The same for pairs of vectors from x to `end`. */
// @inline
function applyRun(f: i32, x: usize, end: usize, dy: usize, y: usize): void {
  if (f == EXP) expvRun(x, end, y);
  else if (f == ERF) erfvRun(x, end, y);
  else if (f == TANH) tanhvRun(x, end, y);
  else if (f == GELU) geluRun(x, end, y);
  else if (f == GELU_TANH) geluTanhRun(x, end, y);
  else if (f == GELU_GRAD) geluGradRun(x, end, y, dy);
  else geluTanhGradRun(x, end, y, dy);
}

/** y = f(x), or f(x) * dy where `dy` is given, for `count` numbers. `f` is a constant: the call is inlined and the rest of `apply` falls away. */
// @inline
function map(f: i32, x: usize, dy: usize, y: usize, count: i32): void {
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = x + ((<usize>shareTo(count, LINE)) << 2);
  x += from;
  dy += from;
  y += from;
  const gradient = f == GELU_GRAD || f == GELU_TANH_GRAD;
  if (PANEL == 16 && end > x) {
    applyRun(f, x, end, dy, y);
    const done = (end - x) & ~31;
    x += done;
    dy += done;
    y += done;
  }
  for (; x + 16 <= end; x += 16) {
    let v = apply(f, v128.load(x));
    if (gradient) {
      v = f32x4.mul(v, v128.load(dy));
      dy += 16;
    }
    v128.store(y, v);
    y += 16;
  }
  const rest = (<i32>(end - x)) >> 2;
  if (rest > 0) {
    let v = apply(f, loadTail(x, rest, ZERO));
    if (gradient) v = f32x4.mul(v, loadTail(dy, rest, ZERO));
    storeTail(y, v, rest);
  }
}

export function unary(f: i32, x: usize, y: usize, count: i32): void {
  if (f == EXP) map(EXP, x, 0, y, count);
  else if (f == ERF) map(ERF, x, 0, y, count);
  else map(TANH, x, 0, y, count);
}

export function geluForward(x: usize, y: usize, count: i32, approximate: i32): void {
  if (approximate) map(GELU_TANH, x, 0, y, count);
  else map(GELU, x, 0, y, count);
}

export function geluGrad(dy: usize, x: usize, dx: usize, count: i32, approximate: i32): void {
  if (approximate) map(GELU_TANH_GRAD, x, dy, dx, count);
  else map(GELU_GRAD, x, dy, dx, count);
}
