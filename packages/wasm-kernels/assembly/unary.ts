// Elementwise functions: y = f(x), and for gradients dx = f(x) * dy.
import { constant, ONE, ZERO } from './constant';
import { erfv, expNegative, expv, normalTail, tanhv } from './exp';
import { madd } from './simd';
import { loadTail, storeTail } from './tail';
import { LINE, shareFrom, shareTo } from './team';

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

// GELU's approximation is (1 + tanh u(x)) / 2 with u(x) = √(2/π) (x + 0.044715 x³): coefficients of -2u and of 2u'.
const FAR = constant(15);
const MINUS_HALF = constant(-0.5);
const DENSITY = constant(-0.3989422804014327); // -1/√(2π)
const LINEAR = constant(-1.5957691216057308);
const CUBIC = constant(-0.0713548162726009);
const SLOPE_LINEAR = constant(1.5957691216057308);
const SLOPE_CUBIC = constant(0.2140644488178027);

/** |x|, held at 15: from there on GELU's gate is 0 or 1, and no product of infinity and zero comes up. */
// @inline
function magnitude(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), FAR);
}

/** The gate at -a, a >= 0: Φ(-a), or its approximation (1 - tanh u(a)) / 2 = e / (1 + e) with e = exp(-2u(a)). */
// @inline
function gate(a: v128, approximate: bool): v128 {
  const s = f32x4.mul(a, a);
  if (!approximate) return f32x4.mul(expNegative(f32x4.mul(s, MINUS_HALF)), normalTail(a));
  const e = expNegative(f32x4.mul(a, madd(s, CUBIC, LINEAR)));
  return f32x4.div(e, f32x4.add(e, ONE));
}

// @inline
function gelu(x: v128, approximate: bool): v128 {
  const a = magnitude(x);
  return f32x4.sub(f32x4.pmax(x, ZERO), f32x4.mul(a, gate(a, approximate)));
}

/** The slope at -a is gate(-a) - a gate'(-a); that at a is 1 minus it. */
// @inline
function geluSlope(x: v128, approximate: bool): v128 {
  const a = magnitude(x);
  let slope: v128;
  if (approximate) {
    const closed = gate(a, true);
    const inner = madd(f32x4.mul(a, a), SLOPE_CUBIC, SLOPE_LINEAR);
    const bell = f32x4.mul(closed, f32x4.sub(ONE, closed));
    slope = f32x4.sub(closed, f32x4.mul(f32x4.mul(a, inner), bell));
  } else {
    const density = expNegative(f32x4.mul(f32x4.mul(a, a), MINUS_HALF));
    slope = f32x4.mul(density, madd(a, DENSITY, normalTail(a)));
  }
  return v128.bitselect(slope, f32x4.sub(ONE, slope), f32x4.lt(x, ZERO));
}

// @inline
function apply(f: i32, x: v128): v128 {
  if (f == EXP) return expv(x);
  if (f == ERF) return erfv(x);
  if (f == TANH) return tanhv(x);
  if (f == GELU) return gelu(x, false);
  if (f == GELU_TANH) return gelu(x, true);
  return geluSlope(x, f == GELU_TANH_GRAD);
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
