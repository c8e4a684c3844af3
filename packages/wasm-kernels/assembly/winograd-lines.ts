// Winograd F(4×4, 3×3) in one dimension, four channels at a time: y = Aᵀ[(G g) ⊙ (Bᵀ d)] for 4 outputs of a 3-tap filter over 6 inputs
// (Lavin, Gray: "Fast Algorithms for Convolutional Neural Networks", 2015, arXiv:1509.09308). The points are 0, ±a, ±b, ∞ with a = 1/√2, b = √2:
// half the error of 0, ±1, ±2, ∞ at the same cost. The filter gradient is the transpose: dg = Gᵀ[(A dy) ⊙ (Bᵀ d)].
import { constant } from './constant';
import { madd } from './simd';

/** The points ±1/√2 and ±√2. */
export const A: f32 = 0.70710678118654752;
export const B: f32 = 1.41421356237309505;

/** Bytes from one operand to the next in the scratch of the transforms of images; so many channels are transformed at a time. */
export const CHUNK: usize = 256;
/** The same in those of filters, eight columns at a time. */
export const FILTER_CHUNK: usize = 32;

const OUTER = constant(-2.5);
const MINUS_2 = constant(-2);
export const PLUS_A = constant(A);
const MINUS_A = constant(-A);
const MINUS_HALF = constant(-0.5);
export const PLUS_B = constant(B);
const MINUS_B = constant(-B);
/** a³ and b³. */
export const CUBE_A = constant(0.5 * A);
export const CUBE_B = constant(2 * B);
export const HALF = constant(0.5);
export const TWO = constant(2);
const NEAR = constant(-2.0 / 3.0);
const NEAR_MINUS = constant((-2.0 / 3.0) * A);
const NEAR_PLUS = constant((2.0 / 3.0) * A);
const SIXTH = constant(1.0 / 6.0);
const FAR_PLUS = constant(B / 6.0);
const FAR_MINUS = constant(-B / 6.0);
const THIRD = constant(1.0 / 3.0);
const PAIR_NEAR = constant(B / 3.0);
const PAIR_FAR = constant(A / 3.0);
const PAIR_FAR_MINUS = constant(-A / 3.0);

/** Bᵀ d: six values to six places, `step` bytes apart. */
// @inline
export function inputLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  v128.store(to, madd(OUTER, d2, f32x4.add(d0, d4)));
  v128.store(to + 5 * step, madd(OUTER, d3, f32x4.add(d1, d5)));
  const e = madd(MINUS_2, d2, d4);
  const p = madd(MINUS_2, d1, d3);
  v128.store(to + step, madd(PLUS_A, p, e));
  v128.store(to + 2 * step, madd(MINUS_A, p, e));
  const f = madd(MINUS_HALF, d2, d4);
  const q = madd(MINUS_HALF, d1, d3);
  v128.store(to + 3 * step, madd(PLUS_B, q, f));
  v128.store(to + 4 * step, madd(MINUS_B, q, f));
}

/** The first three places of inputLine. */
// @inline
export function inputLineLow(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, to: usize, step: usize): void {
  v128.store(to, madd(OUTER, d2, f32x4.add(d0, d4)));
  const e = madd(MINUS_2, d2, d4);
  const p = madd(MINUS_2, d1, d3);
  v128.store(to + step, madd(PLUS_A, p, e));
  v128.store(to + 2 * step, madd(MINUS_A, p, e));
}

/** The last three places of inputLine. */
// @inline
export function inputLineHigh(d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  v128.store(to + 5 * step, madd(OUTER, d3, f32x4.add(d1, d5)));
  const f = madd(MINUS_HALF, d2, d4);
  const q = madd(MINUS_HALF, d1, d3);
  v128.store(to + 3 * step, madd(PLUS_B, q, f));
  v128.store(to + 4 * step, madd(MINUS_B, q, f));
}

/** A dy: four values to six places. */
// @inline
export function gradientLine(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  v128.store(to, y0);
  v128.store(to + 5 * step, y3);
  const e = madd(HALF, y2, y0);
  const p = madd(HALF, y3, y1);
  v128.store(to + step, madd(PLUS_A, p, e));
  v128.store(to + 2 * step, madd(MINUS_A, p, e));
  const f = madd(TWO, y2, y0);
  const q = madd(TWO, y3, y1);
  v128.store(to + 3 * step, madd(PLUS_B, q, f));
  v128.store(to + 4 * step, madd(MINUS_B, q, f));
}

/** The first three places of gradientLine. */
// @inline
export function gradientLineLow(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  v128.store(to, y0);
  const e = madd(HALF, y2, y0);
  const p = madd(HALF, y3, y1);
  v128.store(to + step, madd(PLUS_A, p, e));
  v128.store(to + 2 * step, madd(MINUS_A, p, e));
}

/** The last three places of gradientLine. */
// @inline
export function gradientLineHigh(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  v128.store(to + 5 * step, y3);
  const f = madd(TWO, y2, y0);
  const q = madd(TWO, y3, y1);
  v128.store(to + 3 * step, madd(PLUS_B, q, f));
  v128.store(to + 4 * step, madd(MINUS_B, q, f));
}

/** Aᵀ m: six values to four places. */
// @inline
export function outputLine(u0: v128, u1: v128, u2: v128, u3: v128, u4: v128, u5: v128, to: usize, step: usize): void {
  const near = f32x4.add(u1, u2);
  const far = f32x4.add(u3, u4);
  const nearOdd = f32x4.sub(u1, u2);
  const farOdd = f32x4.sub(u3, u4);
  v128.store(to, f32x4.add(u0, f32x4.add(near, far)));
  v128.store(to + step, madd(PLUS_A, nearOdd, f32x4.mul(PLUS_B, farOdd)));
  v128.store(to + 2 * step, madd(HALF, near, f32x4.add(far, far)));
  v128.store(to + 3 * step, madd(CUBE_A, nearOdd, madd(CUBE_B, farOdd, u5)));
}

/** G g: three values to six places. */
// @inline
export function filterLine(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  v128.store(to + 5 * step, g2);
  const e = f32x4.mul(NEAR, madd(HALF, g2, g0));
  v128.store(to + step, madd(NEAR_MINUS, g1, e));
  v128.store(to + 2 * step, madd(NEAR_PLUS, g1, e));
  const f = f32x4.mul(SIXTH, madd(TWO, g2, g0));
  v128.store(to + 3 * step, madd(FAR_PLUS, g1, f));
  v128.store(to + 4 * step, madd(FAR_MINUS, g1, f));
}

/** Gᵀ u: six values to three places. */
// @inline
export function filterGradientLine(u0: v128, u1: v128, u2: v128, u3: v128, u4: v128, u5: v128, to: usize, step: usize): void {
  const near = f32x4.add(u1, u2);
  const far = f32x4.add(u3, u4);
  v128.store(to, madd(NEAR, near, madd(SIXTH, far, u0)));
  v128.store(to + 2 * step, madd(THIRD, f32x4.sub(far, near), u5));
  const odd = f32x4.mul(FAR_PLUS, f32x4.sub(u3, u4));
  v128.store(to + step, madd(NEAR_MINUS, f32x4.sub(u1, u2), odd));
}

// Stride 2: y[i] = w0 e[i] + w2 e[i+1] + w1 o[i] with the even and odd values e, o of the input. The pair (w0, w2) takes the points ±a, ±b, ∞ (five
// multiplications for four outputs), w1 multiplies directly: nine instead of twelve, 81 instead of 144 in two dimensions.

/** Bᵀ for a filter of two taps: five values to five places, `step` bytes apart. */
// @inline
export function pairInputLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, to: usize, step: usize): void {
  const e = madd(MINUS_2, d1, d3);
  const p = madd(MINUS_2, d0, d2);
  v128.store(to, madd(PLUS_A, p, e));
  v128.store(to + step, madd(MINUS_A, p, e));
  const f = madd(MINUS_HALF, d1, d3);
  const q = madd(MINUS_HALF, d0, d2);
  v128.store(to + 2 * step, madd(PLUS_B, q, f));
  v128.store(to + 3 * step, madd(MINUS_B, q, f));
  v128.store(to + 4 * step, madd(OUTER, d2, f32x4.add(d0, d4)));
}

/** The last place of pairInputLine. */
// @inline
export function pairInputLast(d0: v128, d2: v128, d4: v128, to: usize, step: usize): void {
  v128.store(to + 4 * step, madd(OUTER, d2, f32x4.add(d0, d4)));
}

/** A for a filter of two taps: four values to five places. */
// @inline
export function pairGradientLine(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  const e = madd(HALF, y2, y0);
  const p = madd(HALF, y3, y1);
  v128.store(to, madd(PLUS_A, p, e));
  v128.store(to + step, madd(MINUS_A, p, e));
  const f = madd(TWO, y2, y0);
  const q = madd(TWO, y3, y1);
  v128.store(to + 2 * step, madd(PLUS_B, q, f));
  v128.store(to + 3 * step, madd(MINUS_B, q, f));
  v128.store(to + 4 * step, y3);
}

/** G for the three taps of stride 2: five points of the pair (w0, w2), then w1. */
// @inline
export function stridedFilterLine(w0: v128, w1: v128, w2: v128, to: usize, step: usize): void {
  const third = f32x4.mul(THIRD, w2);
  v128.store(to, f32x4.neg(madd(PAIR_NEAR, w0, third)));
  v128.store(to + step, madd(PAIR_NEAR, w0, f32x4.neg(third)));
  v128.store(to + 2 * step, madd(PAIR_FAR, w0, third));
  v128.store(to + 3 * step, madd(PAIR_FAR_MINUS, w0, third));
  v128.store(to + 4 * step, w2);
  v128.store(to + 5 * step, w1);
}

/** Its transpose: six values to three places. */
// @inline
export function stridedFilterGradientLine(u0: v128, u1: v128, u2: v128, u3: v128, u4: v128, u5: v128, to: usize, step: usize): void {
  v128.store(to, madd(PAIR_NEAR, f32x4.sub(u1, u0), f32x4.mul(PAIR_FAR, f32x4.sub(u2, u3))));
  v128.store(to + step, u5);
  v128.store(to + 2 * step, madd(THIRD, f32x4.sub(f32x4.add(u2, u3), f32x4.add(u0, u1)), u4));
}
