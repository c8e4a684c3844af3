// e^x, erf, tanh and the tail of the normal distribution on vectors, and the natural logarithm of a scalar.
// The coefficients are minimax fits, made for this file. NaN goes through all of the functions.
import { constant, ONE } from './constant';
import { madd } from './simd';

const LOG2_E = constant(1.44269504088896341);
// -ln 2 in two parts: n * HIGH is exact for |n| < 2^13 (Cody and Waite's reduction).
const HIGH = constant(-0.693359375);
const LOW = constant(2.12194440054690583e-4);
// 1.5 * 2^23: adding it rounds to an integer, which then lies in the low bits.
const ROUND = constant(12582912);
const LOWEST = constant(-104);
const HIGHEST = constant(89);
const NORMAL = constant(-87.33);

const E2 = constant(0.4999999403953552);
const E3 = constant(0.1666652113199234);
const E4 = constant(0.04166838899254799);
const E5 = constant(0.00836874544620514);
const E6 = constant(0.0013814539415761828);

/** e^r for |r| <= ln(2) / 2, relative error 4e-9 before rounding. */
// @inline
function expReduced(r: v128): v128 {
  const s = f32x4.mul(r, r);
  const p = madd(madd(E6, s, madd(E5, r, E4)), s, madd(E3, r, E2)); // Estrin's scheme: a shorter chain than Horner's
  return f32x4.add(madd(p, s, r), ONE);
}

/** e^x over the whole range, within 1 ulp: denormal results, 0 at -Infinity, Infinity beyond 88.72. */
// @inline
export function expv(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, LOWEST), HIGHEST);
  const t = madd(x, LOG2_E, ROUND);
  const n = f32x4.sub(t, ROUND);
  const r = madd(n, LOW, madd(n, HIGH, x));
  // 2^n in two factors, since it may lie outside the range of normal numbers when the result does not.
  const whole = i32x4.sub(t, ROUND);
  const half = i32x4.shr_s(whole, 1);
  const first = i32x4.add(i32x4.shl(half, 23), ONE);
  const second = i32x4.add(i32x4.shl(i32x4.sub(whole, half), 23), ONE);
  return f32x4.mul(f32x4.mul(expReduced(r), first), second);
}

/** e^x for x <= 0, with 0 in place of denormal results: fewer operations, for sums and weights in which those do not count. */
// @inline
export function expNegative(x: v128): v128 {
  const t = madd(x, LOG2_E, ROUND);
  const n = f32x4.sub(t, ROUND);
  const r = madd(n, LOW, madd(n, HIGH, x));
  const scale = i32x4.add(i32x4.shl(t, 23), ONE);
  return v128.andnot(f32x4.mul(expReduced(r), scale), f32x4.lt(x, NORMAL));
}

// erf(a) = a * P(a^2) below JOINT, 1 - e^Q(a) above; the relative error of each is 2.2e-8 before rounding.
const JOINT = constant(0.95);
const FOUR = constant(4);
const P0 = constant(1.128379142313164);
const P1 = constant(-0.37612445936456274);
const P2 = constant(0.11281320690725688);
const P3 = constant(-0.026748864316326382);
const P4 = constant(4.967506846083328e-3);
const P5 = constant(-5.862082134837275e-4);
const Q0 = constant(-2.195790754153109e-3);
const Q1 = constant(-1.1190728179000404);
const Q2 = constant(-0.6522910946070279);
const Q3 = constant(-0.0900793404412881);
const Q4 = constant(0.015242270919882606);
const Q5 = constant(-1.20862417874339e-3);

/** The error function, within 3 ulp. */
// @inline
export function erfv(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), FOUR);
  const s = f32x4.mul(a, a);
  const near = f32x4.mul(a, madd(madd(madd(madd(madd(P5, s, P4), s, P3), s, P2), s, P1), s, P0));
  const far = f32x4.sub(ONE, expNegative(madd(madd(madd(madd(madd(Q5, a, Q4), a, Q3), a, Q2), a, Q1), a, Q0)));
  return v128.or(v128.bitselect(near, far, f32x4.lt(a, JOINT)), v128.and(x, MINUS_ZERO));
}

const MINUS_ZERO = constant(-0.0);
const NINE = constant(9.02);
const N0 = constant(0.9999999790149303);
const N1 = constant(0.1337972087142017);
const N2 = constant(3.4940379819174846e-3);
const N3 = constant(2.058353482478852e-5);
const N4 = constant(1.331914027474213e-8);
const D1 = constant(0.4671303611326313);
const D2 = constant(0.025871086376501647);
const D3 = constant(3.283098322009418e-4);
const D4 = constant(7.762048690440037e-7);

/** The hyperbolic tangent x * N(x^2) / D(x^2), within 6 ulp; 1 in float32 from 9.02 on. */
// @inline
export function tanhv(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), NINE);
  const s = f32x4.mul(a, a);
  const numerator = f32x4.mul(a, madd(madd(madd(madd(N4, s, N3), s, N2), s, N1), s, N0));
  const denominator = madd(madd(madd(madd(D4, s, D3), s, D2), s, D1), s, ONE);
  return v128.or(f32x4.pmin(f32x4.div(numerator, denominator), ONE), v128.and(x, MINUS_ZERO));
}

const G0 = constant(0.5000000031499086);
const G1 = constant(0.43928228779265205);
const G2 = constant(0.18396826143931072);
const G3 = constant(0.04088082365469028);
const G4 = constant(4.153182434565407e-3);
const H1 = constant(1.676449582544895);
const H2 = constant(1.2055447036508573);
const H3 = constant(0.47140637600352575);
const H4 = constant(0.10247914521236716);
const H5 = constant(0.010410372850473453);

/** Φ(-a) * e^(a^2/2) = G(a) / H(a) for a in [0, 15], Φ the standard normal distribution: relative error 7e-9 before rounding. */
// @inline
export function normalTail(a: v128): v128 {
  const above = madd(madd(madd(madd(G4, a, G3), a, G2), a, G1), a, G0);
  return f32x4.div(above, madd(madd(madd(madd(madd(H5, a, H4), a, H3), a, H2), a, H1), a, ONE));
}

/** The natural logarithm of a positive normal number (Abramowitz, Stegun 4.1.27 after the exponent is split off); others are given back. */
export function log(x: f64): f64 {
  if (!(x > 0) || x == Infinity) return x;
  const bits = reinterpret<u64>(x);
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  const t = (m - 1) / (m + 1);
  const s = t * t;
  let sum: f64 = 0;
  for (let k: i32 = 21; k > 1; k -= 2) sum = (sum + 1.0 / <f64>k) * s;
  return <f64>exponent * 0.6931471805599453 + 2 * t * (1 + sum);
}
