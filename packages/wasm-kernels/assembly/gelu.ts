// GELU and its slope on vectors.
import { constant, ONE, ZERO } from './constant';
import { expNegative, normalTail } from './exp';
import { madd } from './simd';

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

/** GELU of x, or its approximation by tanh. */
// @inline
export function gelu(x: v128, approximate: bool): v128 {
  const a = magnitude(x);
  return f32x4.sub(f32x4.pmax(x, ZERO), f32x4.mul(a, gate(a, approximate)));
}

/** The slope of GELU: that at -a is gate(-a) - a gate'(-a); that at a is 1 minus it. */
// @inline
export function geluSlope(x: v128, approximate: bool): v128 {
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
