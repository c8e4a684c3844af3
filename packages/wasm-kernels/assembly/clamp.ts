// Bounds and extrema of numbers. NaN stays NaN, whatever its sign bit.
import { ZERO } from './constant';
import { loadTail, storeTail } from './tail';
import { LINE, shareFrom, shareTo } from './team';

/** min(max(x, low), high): the pseudo extrema give their first operand where it is NaN, for one instruction each. The sum makes 0 of -0. */
// @inline
function hold(x: v128, lows: v128, highs: v128): v128 {
  return f32x4.add(f32x4.pmin(f32x4.pmax(x, lows), highs), ZERO);
}

/** y = min(max(x, low), high). */
export function clamp(x: usize, y: usize, count: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low),
    highs = f32x4.splat(high);
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = x + ((<usize>shareTo(count, LINE)) << 2);
  x += from;
  y += from;
  for (; x + 64 <= end; x += 64) {
    v128.store(y, hold(v128.load(x, 16), lows, highs), 16);
    v128.store(y, hold(v128.load(x), lows, highs));
    v128.store(y, hold(v128.load(x, 48), lows, highs), 48);
    v128.store(y, hold(v128.load(x, 32), lows, highs), 32);
    y += 64;
  }
  for (; x + 16 <= end; x += 16) {
    v128.store(y, hold(v128.load(x), lows, highs));
    y += 16;
  }
  const rest = <i32>((end - x) >> 2);
  if (rest > 0) storeTail(y, hold(loadTail(x, rest, ZERO), lows, highs), rest);
}

/** 1, -1 or 0, as x is above, below or 0; 0 for NaN. */
// @inline
function signs(x: v128): v128 {
  const above = v128.and(f32x4.gt(x, ZERO), f32x4.splat(1)),
    below = v128.and(f32x4.lt(x, ZERO), f32x4.splat(-1));
  return v128.or(above, below);
}

/** y = sign(x). */
export function sign(x: usize, y: usize, count: i32): void {
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = x + ((<usize>shareTo(count, LINE)) << 2);
  x += from;
  y += from;
  for (; x + 16 <= end; x += 16) {
    v128.store(y, signs(v128.load(x)));
    y += 16;
  }
  const rest = <i32>((end - x) >> 2);
  if (rest > 0) storeTail(y, signs(loadTail(x, rest, ZERO)), rest);
}

/** y = max(a, b), or min(a, b), for `count` numbers; an operand that is not `wide` is one number. */
export function extremum(a: usize, b: usize, y: usize, count: i32, wideA: i32, wideB: i32, smallest: i32): void {
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = y + ((<usize>shareTo(count, LINE)) << 2);
  y += from;
  if (wideA) a += from;
  if (wideB) b += from;
  let va = v128.load32_splat(a),
    vb = v128.load32_splat(b);
  const stepA: usize = wideA ? 16 : 0,
    stepB: usize = wideB ? 16 : 0;
  for (; y + 16 <= end; y += 16) {
    if (wideA) va = v128.load(a);
    if (wideB) vb = v128.load(b);
    v128.store(y, smallest ? f32x4.min(va, vb) : f32x4.max(va, vb));
    a += stepA;
    b += stepB;
  }
  const rest = <i32>((end - y) >> 2);
  if (rest == 0) return;
  if (wideA) va = loadTail(a, rest, ZERO);
  if (wideB) vb = loadTail(b, rest, ZERO);
  storeTail(y, smallest ? f32x4.min(va, vb) : f32x4.max(va, vb), rest);
}
