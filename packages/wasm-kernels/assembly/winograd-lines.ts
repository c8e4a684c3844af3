// Winograd F(4×4, 3×3) in one dimension, four channels at a time: y = Aᵀ[(G g) ⊙ (Bᵀ d)] for 4 outputs of a 3-tap filter over 6 inputs
// (Lavin, Gray: "Fast Algorithms for Convolutional Neural Networks", 2015, arXiv:1509.09308). The points are 0, ±a, ±b, ∞ with a = 1/√2, b = √2:
// half the error of 0, ±1, ±2, ∞ at the same cost. The filter gradient is the transpose: dg = Gᵀ[(A dy) ⊙ (Bᵀ d)].
import { madd } from './simd';

const A: f32 = 0.70710678118654752;
const B: f32 = 1.41421356237309505;

/** Bᵀ d: six values to six places, `step` bytes apart. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function inputLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  v128.store(to, madd(f32x4.splat(-2.5), d2, f32x4.add(d0, d4)));
  v128.store(to + 5 * step, madd(f32x4.splat(-2.5), d3, f32x4.add(d1, d5)));
  const e = madd(f32x4.splat(-2), d2, d4);
  const p = madd(f32x4.splat(-2), d1, d3);
  v128.store(to + step, madd(f32x4.splat(A), p, e));
  v128.store(to + 2 * step, madd(f32x4.splat(-A), p, e));
  const f = madd(f32x4.splat(-0.5), d2, d4);
  const q = madd(f32x4.splat(-0.5), d1, d3);
  v128.store(to + 3 * step, madd(f32x4.splat(B), q, f));
  v128.store(to + 4 * step, madd(f32x4.splat(-B), q, f));
}

/** A dy: four values to six places. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function gradientLine(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  v128.store(to, y0);
  v128.store(to + 5 * step, y3);
  const e = madd(f32x4.splat(0.5), y2, y0);
  const p = madd(f32x4.splat(0.5), y3, y1);
  v128.store(to + step, madd(f32x4.splat(A), p, e));
  v128.store(to + 2 * step, madd(f32x4.splat(-A), p, e));
  const f = madd(f32x4.splat(2), y2, y0);
  const q = madd(f32x4.splat(2), y3, y1);
  v128.store(to + 3 * step, madd(f32x4.splat(B), q, f));
  v128.store(to + 4 * step, madd(f32x4.splat(-B), q, f));
}

/** G g: three values to six places. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function filterLine(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  v128.store(to + 5 * step, g2);
  const e = f32x4.mul(f32x4.splat(-2.0 / 3.0), madd(f32x4.splat(0.5), g2, g0));
  v128.store(to + step, madd(f32x4.splat((-2.0 / 3.0) * A), g1, e));
  v128.store(to + 2 * step, madd(f32x4.splat((2.0 / 3.0) * A), g1, e));
  const f = f32x4.mul(f32x4.splat(1.0 / 6.0), madd(f32x4.splat(2), g2, g0));
  v128.store(to + 3 * step, madd(f32x4.splat(B / 6.0), g1, f));
  v128.store(to + 4 * step, madd(f32x4.splat(-B / 6.0), g1, f));
}

/** Gᵀ u: six values to three places. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function filterGradientLine(u0: v128, u1: v128, u2: v128, u3: v128, u4: v128, u5: v128, to: usize, step: usize): void {
  const near = f32x4.add(u1, u2);
  const far = f32x4.add(u3, u4);
  v128.store(to, madd(f32x4.splat(-2.0 / 3.0), near, madd(f32x4.splat(1.0 / 6.0), far, u0)));
  v128.store(to + 2 * step, madd(f32x4.splat(1.0 / 3.0), f32x4.sub(far, near), u5));
  const odd = f32x4.mul(f32x4.splat(B / 6.0), f32x4.sub(u3, u4));
  v128.store(to + step, madd(f32x4.splat((-2.0 / 3.0) * A), f32x4.sub(u1, u2), odd));
}

// Stride 2: y[i] = w0 e[i] + w2 e[i+1] + w1 o[i] with the even and odd values e, o of the input. The pair (w0, w2) takes the points ±a, ±b, ∞ (five
// multiplications for four outputs), w1 multiplies directly: nine instead of twelve, 81 instead of 144 in two dimensions.

/** Bᵀ for a filter of two taps: five values to five places, `step` bytes apart. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function pairInputLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, to: usize, step: usize): void {
  const e = madd(f32x4.splat(-2), d1, d3);
  const p = madd(f32x4.splat(-2), d0, d2);
  v128.store(to, madd(f32x4.splat(A), p, e));
  v128.store(to + step, madd(f32x4.splat(-A), p, e));
  const f = madd(f32x4.splat(-0.5), d1, d3);
  const q = madd(f32x4.splat(-0.5), d0, d2);
  v128.store(to + 2 * step, madd(f32x4.splat(B), q, f));
  v128.store(to + 3 * step, madd(f32x4.splat(-B), q, f));
  v128.store(to + 4 * step, madd(f32x4.splat(-2.5), d2, f32x4.add(d0, d4)));
}

/** A for a filter of two taps: four values to five places. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function pairGradientLine(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  const e = madd(f32x4.splat(0.5), y2, y0);
  const p = madd(f32x4.splat(0.5), y3, y1);
  v128.store(to, madd(f32x4.splat(A), p, e));
  v128.store(to + step, madd(f32x4.splat(-A), p, e));
  const f = madd(f32x4.splat(2), y2, y0);
  const q = madd(f32x4.splat(2), y3, y1);
  v128.store(to + 2 * step, madd(f32x4.splat(B), q, f));
  v128.store(to + 3 * step, madd(f32x4.splat(-B), q, f));
  v128.store(to + 4 * step, y3);
}

/** G for the three taps of stride 2: five points of the pair (w0, w2), then w1. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function stridedFilterLine(w0: v128, w1: v128, w2: v128, to: usize, step: usize): void {
  const third = f32x4.mul(f32x4.splat(1.0 / 3.0), w2);
  v128.store(to, f32x4.neg(madd(f32x4.splat(B / 3.0), w0, third)));
  v128.store(to + step, madd(f32x4.splat(B / 3.0), w0, f32x4.neg(third)));
  v128.store(to + 2 * step, madd(f32x4.splat(A / 3.0), w0, third));
  v128.store(to + 3 * step, madd(f32x4.splat(-A / 3.0), w0, third));
  v128.store(to + 4 * step, w2);
  v128.store(to + 5 * step, w1);
}

/** Its transpose: six values to three places. */
// @ts-expect-error a decorator of AssemblyScript
@inline
export function stridedFilterGradientLine(u0: v128, u1: v128, u2: v128, u3: v128, u4: v128, u5: v128, to: usize, step: usize): void {
  v128.store(to, madd(f32x4.splat(B / 3.0), f32x4.sub(u1, u0), f32x4.mul(f32x4.splat(A / 3.0), f32x4.sub(u2, u3))));
  v128.store(to + step, u5);
  v128.store(to + 2 * step, madd(f32x4.splat(1.0 / 3.0), f32x4.sub(f32x4.add(u2, u3), f32x4.add(u0, u1)), u4));
}
