// Written by scripts/generate-pairs.mjs from winograd-lines.ts: the same lines for two neighboring vectors, operands given by address.
import { scalar } from './constant';
import { madd } from './simd';
import { A, B, CHUNK, FILTER_CHUNK } from './winograd-lines';

export const OUTER_VALUE: f32 = scalar(-2.5);
export const MINUS_2_VALUE: f32 = scalar(-2);
export const PLUS_A_VALUE: f32 = scalar(A);
export const MINUS_A_VALUE: f32 = scalar(-A);
export const MINUS_HALF_VALUE: f32 = scalar(-0.5);
export const PLUS_B_VALUE: f32 = scalar(B);
export const MINUS_B_VALUE: f32 = scalar(-B);
export const CUBE_A_VALUE: f32 = scalar(0.5 * A);
export const CUBE_B_VALUE: f32 = scalar(2 * B);
export const HALF_VALUE: f32 = scalar(0.5);
export const TWO_VALUE: f32 = scalar(2);
export const NEAR_VALUE: f32 = scalar(-2.0 / 3.0);
export const NEAR_MINUS_VALUE: f32 = scalar((-2.0 / 3.0) * A);
export const NEAR_PLUS_VALUE: f32 = scalar((2.0 / 3.0) * A);
export const SIXTH_VALUE: f32 = scalar(1.0 / 6.0);
export const FAR_PLUS_VALUE: f32 = scalar(B / 6.0);
export const FAR_MINUS_VALUE: f32 = scalar(-B / 6.0);
export const THIRD_VALUE: f32 = scalar(1.0 / 3.0);
export const PAIR_NEAR_VALUE: f32 = scalar(B / 3.0);
export const PAIR_FAR_VALUE: f32 = scalar(A / 3.0);
export const PAIR_FAR_MINUS_VALUE: f32 = scalar(-A / 3.0);

/** Bᵀ d: six values to six places, `step` bytes apart. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function inputLinePairs(
  pd0: usize,
  pd1: usize,
  pd2: usize,
  pd3: usize,
  pd4: usize,
  pd5: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const OUTER = f32x4.splat(OUTER_VALUE);
  const MINUS_2 = f32x4.splat(MINUS_2_VALUE);
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  for (; count > 0; count--) {
    const d0 = v128.load(pd0);
    const d0n = v128.load(pd0, 16);
    const d1 = v128.load(pd1);
    const d1n = v128.load(pd1, 16);
    const d2 = v128.load(pd2);
    const d2n = v128.load(pd2, 16);
    const d3 = v128.load(pd3);
    const d3n = v128.load(pd3, 16);
    const d4 = v128.load(pd4);
    const d4n = v128.load(pd4, 16);
    const d5 = v128.load(pd5);
    const d5n = v128.load(pd5, 16);
    const r0 = madd(OUTER, d2, f32x4.add(d0, d4));
    const r0n = madd(OUTER, d2n, f32x4.add(d0n, d4n));
    const r2 = madd(OUTER, d3, f32x4.add(d1, d5));
    const r2n = madd(OUTER, d3n, f32x4.add(d1n, d5n));
    const e = madd(MINUS_2, d2, d4);
    const en = madd(MINUS_2, d2n, d4n);
    const p = madd(MINUS_2, d1, d3);
    const pn = madd(MINUS_2, d1n, d3n);
    const r4 = madd(PLUS_A, p, e);
    const r4n = madd(PLUS_A, pn, en);
    const r6 = madd(MINUS_A, p, e);
    const r6n = madd(MINUS_A, pn, en);
    const f = madd(MINUS_HALF, d2, d4);
    const fn = madd(MINUS_HALF, d2n, d4n);
    const q = madd(MINUS_HALF, d1, d3);
    const qn = madd(MINUS_HALF, d1n, d3n);
    const r8 = madd(PLUS_B, q, f);
    const r8n = madd(PLUS_B, qn, fn);
    const r10 = madd(MINUS_B, q, f);
    const r10n = madd(MINUS_B, qn, fn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 5 * step, r2n, 16);
    v128.store(to + 5 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    v128.store(to + 2 * step, r6n, 16);
    v128.store(to + 2 * step, r6);
    v128.store(to + 3 * step, r8n, 16);
    v128.store(to + 3 * step, r8);
    v128.store(to + 4 * step, r10n, 16);
    v128.store(to + 4 * step, r10);
    pd0 += next;
    pd1 += next;
    pd2 += next;
    pd3 += next;
    pd4 += next;
    pd5 += next;
    to += toNext;
  }
}

/** Bᵀ d: six values to six places, `step` bytes apart. Two vectors each, CHUNK bytes apart from `s` on, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function inputLineRows(s: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const OUTER = f32x4.splat(OUTER_VALUE);
  const MINUS_2 = f32x4.splat(MINUS_2_VALUE);
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  for (; count > 0; count--) {
    const d0 = v128.load(s);
    const d0n = v128.load(s, 16);
    const d1 = v128.load(s, 1 * CHUNK);
    const d1n = v128.load(s, 1 * CHUNK + 16);
    const d2 = v128.load(s, 2 * CHUNK);
    const d2n = v128.load(s, 2 * CHUNK + 16);
    const d3 = v128.load(s, 3 * CHUNK);
    const d3n = v128.load(s, 3 * CHUNK + 16);
    const d4 = v128.load(s, 4 * CHUNK);
    const d4n = v128.load(s, 4 * CHUNK + 16);
    const d5 = v128.load(s, 5 * CHUNK);
    const d5n = v128.load(s, 5 * CHUNK + 16);
    const r0 = madd(OUTER, d2, f32x4.add(d0, d4));
    const r0n = madd(OUTER, d2n, f32x4.add(d0n, d4n));
    const r2 = madd(OUTER, d3, f32x4.add(d1, d5));
    const r2n = madd(OUTER, d3n, f32x4.add(d1n, d5n));
    const e = madd(MINUS_2, d2, d4);
    const en = madd(MINUS_2, d2n, d4n);
    const p = madd(MINUS_2, d1, d3);
    const pn = madd(MINUS_2, d1n, d3n);
    const r4 = madd(PLUS_A, p, e);
    const r4n = madd(PLUS_A, pn, en);
    const r6 = madd(MINUS_A, p, e);
    const r6n = madd(MINUS_A, pn, en);
    const f = madd(MINUS_HALF, d2, d4);
    const fn = madd(MINUS_HALF, d2n, d4n);
    const q = madd(MINUS_HALF, d1, d3);
    const qn = madd(MINUS_HALF, d1n, d3n);
    const r8 = madd(PLUS_B, q, f);
    const r8n = madd(PLUS_B, qn, fn);
    const r10 = madd(MINUS_B, q, f);
    const r10n = madd(MINUS_B, qn, fn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 5 * step, r2n, 16);
    v128.store(to + 5 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    v128.store(to + 2 * step, r6n, 16);
    v128.store(to + 2 * step, r6);
    v128.store(to + 3 * step, r8n, 16);
    v128.store(to + 3 * step, r8);
    v128.store(to + 4 * step, r10n, 16);
    v128.store(to + 4 * step, r10);
    s += next;
    to += toNext;
  }
}

/** The first three places of inputLine. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function inputLineLowPairs(
  pd0: usize,
  pd1: usize,
  pd2: usize,
  pd3: usize,
  pd4: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const OUTER = f32x4.splat(OUTER_VALUE);
  const MINUS_2 = f32x4.splat(MINUS_2_VALUE);
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  for (; count > 0; count--) {
    const d0 = v128.load(pd0);
    const d0n = v128.load(pd0, 16);
    const d1 = v128.load(pd1);
    const d1n = v128.load(pd1, 16);
    const d2 = v128.load(pd2);
    const d2n = v128.load(pd2, 16);
    const d3 = v128.load(pd3);
    const d3n = v128.load(pd3, 16);
    const d4 = v128.load(pd4);
    const d4n = v128.load(pd4, 16);
    const r0 = madd(OUTER, d2, f32x4.add(d0, d4));
    const r0n = madd(OUTER, d2n, f32x4.add(d0n, d4n));
    const e = madd(MINUS_2, d2, d4);
    const en = madd(MINUS_2, d2n, d4n);
    const p = madd(MINUS_2, d1, d3);
    const pn = madd(MINUS_2, d1n, d3n);
    const r2 = madd(PLUS_A, p, e);
    const r2n = madd(PLUS_A, pn, en);
    const r4 = madd(MINUS_A, p, e);
    const r4n = madd(MINUS_A, pn, en);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    pd0 += next;
    pd1 += next;
    pd2 += next;
    pd3 += next;
    pd4 += next;
    to += toNext;
  }
}

/** The last three places of inputLine. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function inputLineHighPairs(
  pd1: usize,
  pd2: usize,
  pd3: usize,
  pd4: usize,
  pd5: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const OUTER = f32x4.splat(OUTER_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  for (; count > 0; count--) {
    const d1 = v128.load(pd1);
    const d1n = v128.load(pd1, 16);
    const d2 = v128.load(pd2);
    const d2n = v128.load(pd2, 16);
    const d3 = v128.load(pd3);
    const d3n = v128.load(pd3, 16);
    const d4 = v128.load(pd4);
    const d4n = v128.load(pd4, 16);
    const d5 = v128.load(pd5);
    const d5n = v128.load(pd5, 16);
    const r0 = madd(OUTER, d3, f32x4.add(d1, d5));
    const r0n = madd(OUTER, d3n, f32x4.add(d1n, d5n));
    const f = madd(MINUS_HALF, d2, d4);
    const fn = madd(MINUS_HALF, d2n, d4n);
    const q = madd(MINUS_HALF, d1, d3);
    const qn = madd(MINUS_HALF, d1n, d3n);
    const r2 = madd(PLUS_B, q, f);
    const r2n = madd(PLUS_B, qn, fn);
    const r4 = madd(MINUS_B, q, f);
    const r4n = madd(MINUS_B, qn, fn);
    v128.store(to + 5 * step, r0n, 16);
    v128.store(to + 5 * step, r0);
    v128.store(to + 3 * step, r2n, 16);
    v128.store(to + 3 * step, r2);
    v128.store(to + 4 * step, r4n, 16);
    v128.store(to + 4 * step, r4);
    pd1 += next;
    pd2 += next;
    pd3 += next;
    pd4 += next;
    pd5 += next;
    to += toNext;
  }
}

/** A dy: four values to six places. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function gradientLinePairs(
  py0: usize,
  py1: usize,
  py2: usize,
  py3: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  const HALF = f32x4.splat(HALF_VALUE);
  const TWO = f32x4.splat(TWO_VALUE);
  for (; count > 0; count--) {
    const y0 = v128.load(py0);
    const y0n = v128.load(py0, 16);
    const y1 = v128.load(py1);
    const y1n = v128.load(py1, 16);
    const y2 = v128.load(py2);
    const y2n = v128.load(py2, 16);
    const y3 = v128.load(py3);
    const y3n = v128.load(py3, 16);
    const r0 = y0;
    const r0n = y0n;
    const r2 = y3;
    const r2n = y3n;
    const e = madd(HALF, y2, y0);
    const en = madd(HALF, y2n, y0n);
    const p = madd(HALF, y3, y1);
    const pn = madd(HALF, y3n, y1n);
    const r4 = madd(PLUS_A, p, e);
    const r4n = madd(PLUS_A, pn, en);
    const r6 = madd(MINUS_A, p, e);
    const r6n = madd(MINUS_A, pn, en);
    const f = madd(TWO, y2, y0);
    const fn = madd(TWO, y2n, y0n);
    const q = madd(TWO, y3, y1);
    const qn = madd(TWO, y3n, y1n);
    const r8 = madd(PLUS_B, q, f);
    const r8n = madd(PLUS_B, qn, fn);
    const r10 = madd(MINUS_B, q, f);
    const r10n = madd(MINUS_B, qn, fn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 5 * step, r2n, 16);
    v128.store(to + 5 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    v128.store(to + 2 * step, r6n, 16);
    v128.store(to + 2 * step, r6);
    v128.store(to + 3 * step, r8n, 16);
    v128.store(to + 3 * step, r8);
    v128.store(to + 4 * step, r10n, 16);
    v128.store(to + 4 * step, r10);
    py0 += next;
    py1 += next;
    py2 += next;
    py3 += next;
    to += toNext;
  }
}

/** A dy: four values to six places. Two vectors each, CHUNK bytes apart from `s` on, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function gradientLineRows(s: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  const HALF = f32x4.splat(HALF_VALUE);
  const TWO = f32x4.splat(TWO_VALUE);
  for (; count > 0; count--) {
    const y0 = v128.load(s);
    const y0n = v128.load(s, 16);
    const y1 = v128.load(s, 1 * CHUNK);
    const y1n = v128.load(s, 1 * CHUNK + 16);
    const y2 = v128.load(s, 2 * CHUNK);
    const y2n = v128.load(s, 2 * CHUNK + 16);
    const y3 = v128.load(s, 3 * CHUNK);
    const y3n = v128.load(s, 3 * CHUNK + 16);
    const r0 = y0;
    const r0n = y0n;
    const r2 = y3;
    const r2n = y3n;
    const e = madd(HALF, y2, y0);
    const en = madd(HALF, y2n, y0n);
    const p = madd(HALF, y3, y1);
    const pn = madd(HALF, y3n, y1n);
    const r4 = madd(PLUS_A, p, e);
    const r4n = madd(PLUS_A, pn, en);
    const r6 = madd(MINUS_A, p, e);
    const r6n = madd(MINUS_A, pn, en);
    const f = madd(TWO, y2, y0);
    const fn = madd(TWO, y2n, y0n);
    const q = madd(TWO, y3, y1);
    const qn = madd(TWO, y3n, y1n);
    const r8 = madd(PLUS_B, q, f);
    const r8n = madd(PLUS_B, qn, fn);
    const r10 = madd(MINUS_B, q, f);
    const r10n = madd(MINUS_B, qn, fn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 5 * step, r2n, 16);
    v128.store(to + 5 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    v128.store(to + 2 * step, r6n, 16);
    v128.store(to + 2 * step, r6);
    v128.store(to + 3 * step, r8n, 16);
    v128.store(to + 3 * step, r8);
    v128.store(to + 4 * step, r10n, 16);
    v128.store(to + 4 * step, r10);
    s += next;
    to += toNext;
  }
}

/** The first three places of gradientLine. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function gradientLineLowPairs(
  py0: usize,
  py1: usize,
  py2: usize,
  py3: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const HALF = f32x4.splat(HALF_VALUE);
  for (; count > 0; count--) {
    const y0 = v128.load(py0);
    const y0n = v128.load(py0, 16);
    const y1 = v128.load(py1);
    const y1n = v128.load(py1, 16);
    const y2 = v128.load(py2);
    const y2n = v128.load(py2, 16);
    const y3 = v128.load(py3);
    const y3n = v128.load(py3, 16);
    const r0 = y0;
    const r0n = y0n;
    const e = madd(HALF, y2, y0);
    const en = madd(HALF, y2n, y0n);
    const p = madd(HALF, y3, y1);
    const pn = madd(HALF, y3n, y1n);
    const r2 = madd(PLUS_A, p, e);
    const r2n = madd(PLUS_A, pn, en);
    const r4 = madd(MINUS_A, p, e);
    const r4n = madd(MINUS_A, pn, en);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    py0 += next;
    py1 += next;
    py2 += next;
    py3 += next;
    to += toNext;
  }
}

/** The last three places of gradientLine. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function gradientLineHighPairs(
  py0: usize,
  py1: usize,
  py2: usize,
  py3: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  const TWO = f32x4.splat(TWO_VALUE);
  for (; count > 0; count--) {
    const y0 = v128.load(py0);
    const y0n = v128.load(py0, 16);
    const y1 = v128.load(py1);
    const y1n = v128.load(py1, 16);
    const y2 = v128.load(py2);
    const y2n = v128.load(py2, 16);
    const y3 = v128.load(py3);
    const y3n = v128.load(py3, 16);
    const r0 = y3;
    const r0n = y3n;
    const f = madd(TWO, y2, y0);
    const fn = madd(TWO, y2n, y0n);
    const q = madd(TWO, y3, y1);
    const qn = madd(TWO, y3n, y1n);
    const r2 = madd(PLUS_B, q, f);
    const r2n = madd(PLUS_B, qn, fn);
    const r4 = madd(MINUS_B, q, f);
    const r4n = madd(MINUS_B, qn, fn);
    v128.store(to + 5 * step, r0n, 16);
    v128.store(to + 5 * step, r0);
    v128.store(to + 3 * step, r2n, 16);
    v128.store(to + 3 * step, r2);
    v128.store(to + 4 * step, r4n, 16);
    v128.store(to + 4 * step, r4);
    py0 += next;
    py1 += next;
    py2 += next;
    py3 += next;
    to += toNext;
  }
}

/** Aᵀ m: six values to four places. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function outputLinePairs(
  pu0: usize,
  pu1: usize,
  pu2: usize,
  pu3: usize,
  pu4: usize,
  pu5: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const CUBE_A = f32x4.splat(CUBE_A_VALUE);
  const CUBE_B = f32x4.splat(CUBE_B_VALUE);
  const HALF = f32x4.splat(HALF_VALUE);
  for (; count > 0; count--) {
    const u0 = v128.load(pu0);
    const u0n = v128.load(pu0, 16);
    const u1 = v128.load(pu1);
    const u1n = v128.load(pu1, 16);
    const u2 = v128.load(pu2);
    const u2n = v128.load(pu2, 16);
    const u3 = v128.load(pu3);
    const u3n = v128.load(pu3, 16);
    const u4 = v128.load(pu4);
    const u4n = v128.load(pu4, 16);
    const u5 = v128.load(pu5);
    const u5n = v128.load(pu5, 16);
    const near = f32x4.add(u1, u2);
    const nearn = f32x4.add(u1n, u2n);
    const far = f32x4.add(u3, u4);
    const farn = f32x4.add(u3n, u4n);
    const nearOdd = f32x4.sub(u1, u2);
    const nearOddn = f32x4.sub(u1n, u2n);
    const farOdd = f32x4.sub(u3, u4);
    const farOddn = f32x4.sub(u3n, u4n);
    const r0 = f32x4.add(u0, f32x4.add(near, far));
    const r0n = f32x4.add(u0n, f32x4.add(nearn, farn));
    const r2 = madd(PLUS_A, nearOdd, f32x4.mul(PLUS_B, farOdd));
    const r2n = madd(PLUS_A, nearOddn, f32x4.mul(PLUS_B, farOddn));
    const r4 = madd(HALF, near, f32x4.add(far, far));
    const r4n = madd(HALF, nearn, f32x4.add(farn, farn));
    const r6 = madd(CUBE_A, nearOdd, madd(CUBE_B, farOdd, u5));
    const r6n = madd(CUBE_A, nearOddn, madd(CUBE_B, farOddn, u5n));
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    v128.store(to + 3 * step, r6n, 16);
    v128.store(to + 3 * step, r6);
    pu0 += next;
    pu1 += next;
    pu2 += next;
    pu3 += next;
    pu4 += next;
    pu5 += next;
    to += toNext;
  }
}

/** G g: three values to six places. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function filterLinePairs(pg0: usize, pg1: usize, pg2: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const HALF = f32x4.splat(HALF_VALUE);
  const TWO = f32x4.splat(TWO_VALUE);
  const NEAR = f32x4.splat(NEAR_VALUE);
  const NEAR_MINUS = f32x4.splat(NEAR_MINUS_VALUE);
  const NEAR_PLUS = f32x4.splat(NEAR_PLUS_VALUE);
  const SIXTH = f32x4.splat(SIXTH_VALUE);
  const FAR_PLUS = f32x4.splat(FAR_PLUS_VALUE);
  const FAR_MINUS = f32x4.splat(FAR_MINUS_VALUE);
  for (; count > 0; count--) {
    const g0 = v128.load(pg0);
    const g0n = v128.load(pg0, 16);
    const g1 = v128.load(pg1);
    const g1n = v128.load(pg1, 16);
    const g2 = v128.load(pg2);
    const g2n = v128.load(pg2, 16);
    const r0 = g0;
    const r0n = g0n;
    const r2 = g2;
    const r2n = g2n;
    const e = f32x4.mul(NEAR, madd(HALF, g2, g0));
    const en = f32x4.mul(NEAR, madd(HALF, g2n, g0n));
    const r4 = madd(NEAR_MINUS, g1, e);
    const r4n = madd(NEAR_MINUS, g1n, en);
    const r6 = madd(NEAR_PLUS, g1, e);
    const r6n = madd(NEAR_PLUS, g1n, en);
    const f = f32x4.mul(SIXTH, madd(TWO, g2, g0));
    const fn = f32x4.mul(SIXTH, madd(TWO, g2n, g0n));
    const r8 = madd(FAR_PLUS, g1, f);
    const r8n = madd(FAR_PLUS, g1n, fn);
    const r10 = madd(FAR_MINUS, g1, f);
    const r10n = madd(FAR_MINUS, g1n, fn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 5 * step, r2n, 16);
    v128.store(to + 5 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    v128.store(to + 2 * step, r6n, 16);
    v128.store(to + 2 * step, r6);
    v128.store(to + 3 * step, r8n, 16);
    v128.store(to + 3 * step, r8);
    v128.store(to + 4 * step, r10n, 16);
    v128.store(to + 4 * step, r10);
    pg0 += next;
    pg1 += next;
    pg2 += next;
    to += toNext;
  }
}

/** G g: three values to six places. Two vectors each, FILTER_CHUNK bytes apart from `s` on, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function filterLineRows(s: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const HALF = f32x4.splat(HALF_VALUE);
  const TWO = f32x4.splat(TWO_VALUE);
  const NEAR = f32x4.splat(NEAR_VALUE);
  const NEAR_MINUS = f32x4.splat(NEAR_MINUS_VALUE);
  const NEAR_PLUS = f32x4.splat(NEAR_PLUS_VALUE);
  const SIXTH = f32x4.splat(SIXTH_VALUE);
  const FAR_PLUS = f32x4.splat(FAR_PLUS_VALUE);
  const FAR_MINUS = f32x4.splat(FAR_MINUS_VALUE);
  for (; count > 0; count--) {
    const g0 = v128.load(s);
    const g0n = v128.load(s, 16);
    const g1 = v128.load(s, 1 * FILTER_CHUNK);
    const g1n = v128.load(s, 1 * FILTER_CHUNK + 16);
    const g2 = v128.load(s, 2 * FILTER_CHUNK);
    const g2n = v128.load(s, 2 * FILTER_CHUNK + 16);
    const r0 = g0;
    const r0n = g0n;
    const r2 = g2;
    const r2n = g2n;
    const e = f32x4.mul(NEAR, madd(HALF, g2, g0));
    const en = f32x4.mul(NEAR, madd(HALF, g2n, g0n));
    const r4 = madd(NEAR_MINUS, g1, e);
    const r4n = madd(NEAR_MINUS, g1n, en);
    const r6 = madd(NEAR_PLUS, g1, e);
    const r6n = madd(NEAR_PLUS, g1n, en);
    const f = f32x4.mul(SIXTH, madd(TWO, g2, g0));
    const fn = f32x4.mul(SIXTH, madd(TWO, g2n, g0n));
    const r8 = madd(FAR_PLUS, g1, f);
    const r8n = madd(FAR_PLUS, g1n, fn);
    const r10 = madd(FAR_MINUS, g1, f);
    const r10n = madd(FAR_MINUS, g1n, fn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 5 * step, r2n, 16);
    v128.store(to + 5 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    v128.store(to + 2 * step, r6n, 16);
    v128.store(to + 2 * step, r6);
    v128.store(to + 3 * step, r8n, 16);
    v128.store(to + 3 * step, r8);
    v128.store(to + 4 * step, r10n, 16);
    v128.store(to + 4 * step, r10);
    s += next;
    to += toNext;
  }
}

/** Gᵀ u: six values to three places. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function filterGradientLinePairs(
  pu0: usize,
  pu1: usize,
  pu2: usize,
  pu3: usize,
  pu4: usize,
  pu5: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const NEAR = f32x4.splat(NEAR_VALUE);
  const NEAR_MINUS = f32x4.splat(NEAR_MINUS_VALUE);
  const SIXTH = f32x4.splat(SIXTH_VALUE);
  const FAR_PLUS = f32x4.splat(FAR_PLUS_VALUE);
  const THIRD = f32x4.splat(THIRD_VALUE);
  for (; count > 0; count--) {
    const u0 = v128.load(pu0);
    const u0n = v128.load(pu0, 16);
    const u1 = v128.load(pu1);
    const u1n = v128.load(pu1, 16);
    const u2 = v128.load(pu2);
    const u2n = v128.load(pu2, 16);
    const u3 = v128.load(pu3);
    const u3n = v128.load(pu3, 16);
    const u4 = v128.load(pu4);
    const u4n = v128.load(pu4, 16);
    const u5 = v128.load(pu5);
    const u5n = v128.load(pu5, 16);
    const near = f32x4.add(u1, u2);
    const nearn = f32x4.add(u1n, u2n);
    const far = f32x4.add(u3, u4);
    const farn = f32x4.add(u3n, u4n);
    const r0 = madd(NEAR, near, madd(SIXTH, far, u0));
    const r0n = madd(NEAR, nearn, madd(SIXTH, farn, u0n));
    const r2 = madd(THIRD, f32x4.sub(far, near), u5);
    const r2n = madd(THIRD, f32x4.sub(farn, nearn), u5n);
    const odd = f32x4.mul(FAR_PLUS, f32x4.sub(u3, u4));
    const oddn = f32x4.mul(FAR_PLUS, f32x4.sub(u3n, u4n));
    const r4 = madd(NEAR_MINUS, f32x4.sub(u1, u2), odd);
    const r4n = madd(NEAR_MINUS, f32x4.sub(u1n, u2n), oddn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 2 * step, r2n, 16);
    v128.store(to + 2 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    pu0 += next;
    pu1 += next;
    pu2 += next;
    pu3 += next;
    pu4 += next;
    pu5 += next;
    to += toNext;
  }
}

/** Gᵀ u: six values to three places. Two vectors each, FILTER_CHUNK bytes apart from `s` on, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function filterGradientLineRows(s: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const NEAR = f32x4.splat(NEAR_VALUE);
  const NEAR_MINUS = f32x4.splat(NEAR_MINUS_VALUE);
  const SIXTH = f32x4.splat(SIXTH_VALUE);
  const FAR_PLUS = f32x4.splat(FAR_PLUS_VALUE);
  const THIRD = f32x4.splat(THIRD_VALUE);
  for (; count > 0; count--) {
    const u0 = v128.load(s);
    const u0n = v128.load(s, 16);
    const u1 = v128.load(s, 1 * FILTER_CHUNK);
    const u1n = v128.load(s, 1 * FILTER_CHUNK + 16);
    const u2 = v128.load(s, 2 * FILTER_CHUNK);
    const u2n = v128.load(s, 2 * FILTER_CHUNK + 16);
    const u3 = v128.load(s, 3 * FILTER_CHUNK);
    const u3n = v128.load(s, 3 * FILTER_CHUNK + 16);
    const u4 = v128.load(s, 4 * FILTER_CHUNK);
    const u4n = v128.load(s, 4 * FILTER_CHUNK + 16);
    const u5 = v128.load(s, 5 * FILTER_CHUNK);
    const u5n = v128.load(s, 5 * FILTER_CHUNK + 16);
    const near = f32x4.add(u1, u2);
    const nearn = f32x4.add(u1n, u2n);
    const far = f32x4.add(u3, u4);
    const farn = f32x4.add(u3n, u4n);
    const r0 = madd(NEAR, near, madd(SIXTH, far, u0));
    const r0n = madd(NEAR, nearn, madd(SIXTH, farn, u0n));
    const r2 = madd(THIRD, f32x4.sub(far, near), u5);
    const r2n = madd(THIRD, f32x4.sub(farn, nearn), u5n);
    const odd = f32x4.mul(FAR_PLUS, f32x4.sub(u3, u4));
    const oddn = f32x4.mul(FAR_PLUS, f32x4.sub(u3n, u4n));
    const r4 = madd(NEAR_MINUS, f32x4.sub(u1, u2), odd);
    const r4n = madd(NEAR_MINUS, f32x4.sub(u1n, u2n), oddn);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + 2 * step, r2n, 16);
    v128.store(to + 2 * step, r2);
    v128.store(to + step, r4n, 16);
    v128.store(to + step, r4);
    s += next;
    to += toNext;
  }
}

/** Bᵀ for a filter of two taps: five values to five places, `step` bytes apart. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function pairInputLinePairs(
  pd0: usize,
  pd1: usize,
  pd2: usize,
  pd3: usize,
  pd4: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const OUTER = f32x4.splat(OUTER_VALUE);
  const MINUS_2 = f32x4.splat(MINUS_2_VALUE);
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const MINUS_HALF = f32x4.splat(MINUS_HALF_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  for (; count > 0; count--) {
    const d0 = v128.load(pd0);
    const d0n = v128.load(pd0, 16);
    const d1 = v128.load(pd1);
    const d1n = v128.load(pd1, 16);
    const d2 = v128.load(pd2);
    const d2n = v128.load(pd2, 16);
    const d3 = v128.load(pd3);
    const d3n = v128.load(pd3, 16);
    const d4 = v128.load(pd4);
    const d4n = v128.load(pd4, 16);
    const e = madd(MINUS_2, d1, d3);
    const en = madd(MINUS_2, d1n, d3n);
    const p = madd(MINUS_2, d0, d2);
    const pn = madd(MINUS_2, d0n, d2n);
    const r0 = madd(PLUS_A, p, e);
    const r0n = madd(PLUS_A, pn, en);
    const r2 = madd(MINUS_A, p, e);
    const r2n = madd(MINUS_A, pn, en);
    const f = madd(MINUS_HALF, d1, d3);
    const fn = madd(MINUS_HALF, d1n, d3n);
    const q = madd(MINUS_HALF, d0, d2);
    const qn = madd(MINUS_HALF, d0n, d2n);
    const r4 = madd(PLUS_B, q, f);
    const r4n = madd(PLUS_B, qn, fn);
    const r6 = madd(MINUS_B, q, f);
    const r6n = madd(MINUS_B, qn, fn);
    const r8 = madd(OUTER, d2, f32x4.add(d0, d4));
    const r8n = madd(OUTER, d2n, f32x4.add(d0n, d4n));
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    v128.store(to + 3 * step, r6n, 16);
    v128.store(to + 3 * step, r6);
    v128.store(to + 4 * step, r8n, 16);
    v128.store(to + 4 * step, r8);
    pd0 += next;
    pd1 += next;
    pd2 += next;
    pd3 += next;
    pd4 += next;
    to += toNext;
  }
}

/** The last place of pairInputLine. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function pairInputLastPairs(
  pd0: usize,
  pd2: usize,
  pd4: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const OUTER = f32x4.splat(OUTER_VALUE);
  for (; count > 0; count--) {
    const d0 = v128.load(pd0);
    const d0n = v128.load(pd0, 16);
    const d2 = v128.load(pd2);
    const d2n = v128.load(pd2, 16);
    const d4 = v128.load(pd4);
    const d4n = v128.load(pd4, 16);
    const r0 = madd(OUTER, d2, f32x4.add(d0, d4));
    const r0n = madd(OUTER, d2n, f32x4.add(d0n, d4n));
    v128.store(to + 4 * step, r0n, 16);
    v128.store(to + 4 * step, r0);
    pd0 += next;
    pd2 += next;
    pd4 += next;
    to += toNext;
  }
}

/** A for a filter of two taps: four values to five places. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function pairGradientLinePairs(
  py0: usize,
  py1: usize,
  py2: usize,
  py3: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const PLUS_A = f32x4.splat(PLUS_A_VALUE);
  const MINUS_A = f32x4.splat(MINUS_A_VALUE);
  const PLUS_B = f32x4.splat(PLUS_B_VALUE);
  const MINUS_B = f32x4.splat(MINUS_B_VALUE);
  const HALF = f32x4.splat(HALF_VALUE);
  const TWO = f32x4.splat(TWO_VALUE);
  for (; count > 0; count--) {
    const y0 = v128.load(py0);
    const y0n = v128.load(py0, 16);
    const y1 = v128.load(py1);
    const y1n = v128.load(py1, 16);
    const y2 = v128.load(py2);
    const y2n = v128.load(py2, 16);
    const y3 = v128.load(py3);
    const y3n = v128.load(py3, 16);
    const e = madd(HALF, y2, y0);
    const en = madd(HALF, y2n, y0n);
    const p = madd(HALF, y3, y1);
    const pn = madd(HALF, y3n, y1n);
    const r0 = madd(PLUS_A, p, e);
    const r0n = madd(PLUS_A, pn, en);
    const r2 = madd(MINUS_A, p, e);
    const r2n = madd(MINUS_A, pn, en);
    const f = madd(TWO, y2, y0);
    const fn = madd(TWO, y2n, y0n);
    const q = madd(TWO, y3, y1);
    const qn = madd(TWO, y3n, y1n);
    const r4 = madd(PLUS_B, q, f);
    const r4n = madd(PLUS_B, qn, fn);
    const r6 = madd(MINUS_B, q, f);
    const r6n = madd(MINUS_B, qn, fn);
    const r8 = y3;
    const r8n = y3n;
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    v128.store(to + 3 * step, r6n, 16);
    v128.store(to + 3 * step, r6);
    v128.store(to + 4 * step, r8n, 16);
    v128.store(to + 4 * step, r8);
    py0 += next;
    py1 += next;
    py2 += next;
    py3 += next;
    to += toNext;
  }
}

/** G for the three taps of stride 2: five points of the pair (w0, w2), then w1. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function stridedFilterLinePairs(
  pw0: usize,
  pw1: usize,
  pw2: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const THIRD = f32x4.splat(THIRD_VALUE);
  const PAIR_NEAR = f32x4.splat(PAIR_NEAR_VALUE);
  const PAIR_FAR = f32x4.splat(PAIR_FAR_VALUE);
  const PAIR_FAR_MINUS = f32x4.splat(PAIR_FAR_MINUS_VALUE);
  for (; count > 0; count--) {
    const w0 = v128.load(pw0);
    const w0n = v128.load(pw0, 16);
    const w1 = v128.load(pw1);
    const w1n = v128.load(pw1, 16);
    const w2 = v128.load(pw2);
    const w2n = v128.load(pw2, 16);
    const third = f32x4.mul(THIRD, w2);
    const thirdn = f32x4.mul(THIRD, w2n);
    const r0 = f32x4.neg(madd(PAIR_NEAR, w0, third));
    const r0n = f32x4.neg(madd(PAIR_NEAR, w0n, thirdn));
    const r2 = madd(PAIR_NEAR, w0, f32x4.neg(third));
    const r2n = madd(PAIR_NEAR, w0n, f32x4.neg(thirdn));
    const r4 = madd(PAIR_FAR, w0, third);
    const r4n = madd(PAIR_FAR, w0n, thirdn);
    const r6 = madd(PAIR_FAR_MINUS, w0, third);
    const r6n = madd(PAIR_FAR_MINUS, w0n, thirdn);
    const r8 = w2;
    const r8n = w2n;
    const r10 = w1;
    const r10n = w1n;
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    v128.store(to + 3 * step, r6n, 16);
    v128.store(to + 3 * step, r6);
    v128.store(to + 4 * step, r8n, 16);
    v128.store(to + 4 * step, r8);
    v128.store(to + 5 * step, r10n, 16);
    v128.store(to + 5 * step, r10);
    pw0 += next;
    pw1 += next;
    pw2 += next;
    to += toNext;
  }
}

/** G for the three taps of stride 2: five points of the pair (w0, w2), then w1. Two vectors each, FILTER_CHUNK bytes apart from `s` on, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function stridedFilterLineRows(s: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const THIRD = f32x4.splat(THIRD_VALUE);
  const PAIR_NEAR = f32x4.splat(PAIR_NEAR_VALUE);
  const PAIR_FAR = f32x4.splat(PAIR_FAR_VALUE);
  const PAIR_FAR_MINUS = f32x4.splat(PAIR_FAR_MINUS_VALUE);
  for (; count > 0; count--) {
    const w0 = v128.load(s);
    const w0n = v128.load(s, 16);
    const w1 = v128.load(s, 1 * FILTER_CHUNK);
    const w1n = v128.load(s, 1 * FILTER_CHUNK + 16);
    const w2 = v128.load(s, 2 * FILTER_CHUNK);
    const w2n = v128.load(s, 2 * FILTER_CHUNK + 16);
    const third = f32x4.mul(THIRD, w2);
    const thirdn = f32x4.mul(THIRD, w2n);
    const r0 = f32x4.neg(madd(PAIR_NEAR, w0, third));
    const r0n = f32x4.neg(madd(PAIR_NEAR, w0n, thirdn));
    const r2 = madd(PAIR_NEAR, w0, f32x4.neg(third));
    const r2n = madd(PAIR_NEAR, w0n, f32x4.neg(thirdn));
    const r4 = madd(PAIR_FAR, w0, third);
    const r4n = madd(PAIR_FAR, w0n, thirdn);
    const r6 = madd(PAIR_FAR_MINUS, w0, third);
    const r6n = madd(PAIR_FAR_MINUS, w0n, thirdn);
    const r8 = w2;
    const r8n = w2n;
    const r10 = w1;
    const r10n = w1n;
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    v128.store(to + 3 * step, r6n, 16);
    v128.store(to + 3 * step, r6);
    v128.store(to + 4 * step, r8n, 16);
    v128.store(to + 4 * step, r8);
    v128.store(to + 5 * step, r10n, 16);
    v128.store(to + 5 * step, r10);
    s += next;
    to += toNext;
  }
}

/** Its transpose: six values to three places. Two vectors each, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function stridedFilterGradientLinePairs(
  pu0: usize,
  pu1: usize,
  pu2: usize,
  pu3: usize,
  pu4: usize,
  pu5: usize,
  to: usize,
  step: usize,
  count: i32,
  next: usize,
  toNext: usize,
): void {
  const THIRD = f32x4.splat(THIRD_VALUE);
  const PAIR_NEAR = f32x4.splat(PAIR_NEAR_VALUE);
  const PAIR_FAR = f32x4.splat(PAIR_FAR_VALUE);
  for (; count > 0; count--) {
    const u0 = v128.load(pu0);
    const u0n = v128.load(pu0, 16);
    const u1 = v128.load(pu1);
    const u1n = v128.load(pu1, 16);
    const u2 = v128.load(pu2);
    const u2n = v128.load(pu2, 16);
    const u3 = v128.load(pu3);
    const u3n = v128.load(pu3, 16);
    const u4 = v128.load(pu4);
    const u4n = v128.load(pu4, 16);
    const u5 = v128.load(pu5);
    const u5n = v128.load(pu5, 16);
    const r0 = madd(PAIR_NEAR, f32x4.sub(u1, u0), f32x4.mul(PAIR_FAR, f32x4.sub(u2, u3)));
    const r0n = madd(PAIR_NEAR, f32x4.sub(u1n, u0n), f32x4.mul(PAIR_FAR, f32x4.sub(u2n, u3n)));
    const r2 = u5;
    const r2n = u5n;
    const r4 = madd(THIRD, f32x4.sub(f32x4.add(u2, u3), f32x4.add(u0, u1)), u4);
    const r4n = madd(THIRD, f32x4.sub(f32x4.add(u2n, u3n), f32x4.add(u0n, u1n)), u4n);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    pu0 += next;
    pu1 += next;
    pu2 += next;
    pu3 += next;
    pu4 += next;
    pu5 += next;
    to += toNext;
  }
}

/** Its transpose: six values to three places. Two vectors each, FILTER_CHUNK bytes apart from `s` on, `count` times, `next` and `toNext` bytes further on each time. */
// @inline
export function stridedFilterGradientLineRows(s: usize, to: usize, step: usize, count: i32, next: usize, toNext: usize): void {
  const THIRD = f32x4.splat(THIRD_VALUE);
  const PAIR_NEAR = f32x4.splat(PAIR_NEAR_VALUE);
  const PAIR_FAR = f32x4.splat(PAIR_FAR_VALUE);
  for (; count > 0; count--) {
    const u0 = v128.load(s);
    const u0n = v128.load(s, 16);
    const u1 = v128.load(s, 1 * FILTER_CHUNK);
    const u1n = v128.load(s, 1 * FILTER_CHUNK + 16);
    const u2 = v128.load(s, 2 * FILTER_CHUNK);
    const u2n = v128.load(s, 2 * FILTER_CHUNK + 16);
    const u3 = v128.load(s, 3 * FILTER_CHUNK);
    const u3n = v128.load(s, 3 * FILTER_CHUNK + 16);
    const u4 = v128.load(s, 4 * FILTER_CHUNK);
    const u4n = v128.load(s, 4 * FILTER_CHUNK + 16);
    const u5 = v128.load(s, 5 * FILTER_CHUNK);
    const u5n = v128.load(s, 5 * FILTER_CHUNK + 16);
    const r0 = madd(PAIR_NEAR, f32x4.sub(u1, u0), f32x4.mul(PAIR_FAR, f32x4.sub(u2, u3)));
    const r0n = madd(PAIR_NEAR, f32x4.sub(u1n, u0n), f32x4.mul(PAIR_FAR, f32x4.sub(u2n, u3n)));
    const r2 = u5;
    const r2n = u5n;
    const r4 = madd(THIRD, f32x4.sub(f32x4.add(u2, u3), f32x4.add(u0, u1)), u4);
    const r4n = madd(THIRD, f32x4.sub(f32x4.add(u2n, u3n), f32x4.add(u0n, u1n)), u4n);
    v128.store(to, r0n, 16);
    v128.store(to, r0);
    v128.store(to + step, r2n, 16);
    v128.store(to + step, r2);
    v128.store(to + 2 * step, r4n, 16);
    v128.store(to + 2 * step, r4);
    s += next;
    to += toNext;
  }
}
