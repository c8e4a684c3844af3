// Bounds and extrema of numbers. NaN stays NaN, whatever its sign bit.
import { scalar, ZERO } from './constant';
import { loadTail, storeTail } from './tail';
import { LINE, shareFrom, shareTo } from './team';

const NONE: f32 = scalar(0);
const UP: f32 = scalar(1);
const DOWN: f32 = scalar(-1);

/** min(max(x, low), high): the pseudo extrema give their first operand where it is NaN, for one instruction each. The sum makes 0 of -0. */
// @inline
function hold(x: v128, lows: v128, highs: v128, none: v128): v128 {
  return f32x4.add(f32x4.pmin(f32x4.pmax(x, lows), highs), none);
}

/** y = min(max(x, low), high). */
export function clamp(x: usize, y: usize, count: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low),
    highs = f32x4.splat(high);
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = x + ((<usize>shareTo(count, LINE)) << 2);
  x += from;
  y += from;
  const none = f32x4.splat(NONE);
  for (; x + 32 <= end; x += 32) {
    const v = v128.load(x),
      vn = v128.load(x, 16);
    v128.store(y, hold(vn, lows, highs, none), 16);
    v128.store(y, hold(v, lows, highs, none));
    y += 32;
  }
  for (; x + 16 <= end; x += 16) {
    v128.store(y, hold(v128.load(x), lows, highs, none));
    y += 16;
  }
  const rest = <i32>((end - x) >> 2);
  if (rest > 0) storeTail(y, hold(loadTail(x, rest, ZERO), lows, highs, none), rest);
}

/** 1, -1 or 0, as x is above, below or 0; 0 for NaN. */
// @inline
function signs(x: v128, none: v128, up: v128, down: v128): v128 {
  const above = v128.and(f32x4.gt(x, none), up),
    below = v128.and(f32x4.lt(x, none), down);
  return v128.or(above, below);
}

/** y = sign(x). */
export function sign(x: usize, y: usize, count: i32): void {
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = x + ((<usize>shareTo(count, LINE)) << 2);
  x += from;
  y += from;
  const none = f32x4.splat(NONE),
    up = f32x4.splat(UP),
    down = f32x4.splat(DOWN);
  for (; x + 32 <= end; x += 32) {
    const v = v128.load(x),
      vn = v128.load(x, 16);
    v128.store(y, signs(vn, none, up, down), 16);
    v128.store(y, signs(v, none, up, down));
    y += 32;
  }
  for (; x + 16 <= end; x += 16) {
    v128.store(y, signs(v128.load(x), none, up, down));
    y += 16;
  }
  const rest = <i32>((end - x) >> 2);
  if (rest > 0) storeTail(y, signs(loadTail(x, rest, ZERO), none, up, down), rest);
}

// @inline
function extreme(a: v128, b: v128, smallest: bool): v128 {
  return smallest ? f32x4.min(a, b) : f32x4.max(a, b);
}

/** `wideA`, `wideB` and `smallest` are constants: the call is inlined. Returns where y stands after whole pairs. */
// @inline
function extremePairs(a: usize, b: usize, y: usize, end: usize, wideA: bool, wideB: bool, smallest: bool): usize {
  let va = f32x4.splat(load<f32>(a)),
    vb = f32x4.splat(load<f32>(b));
  let van = va,
    vbn = vb;
  for (; y + 32 <= end; y += 32) {
    if (wideA) {
      va = v128.load(a);
      van = v128.load(a, 16);
      a += 32;
    }
    if (wideB) {
      vb = v128.load(b);
      vbn = v128.load(b, 16);
      b += 32;
    }
    v128.store(y, extreme(van, vbn, smallest), 16);
    v128.store(y, extreme(va, vb, smallest));
  }
  return y;
}

/** y = max(a, b), or min(a, b), for `count` numbers; an operand that is not `wide` is one number. */
export function extremum(a: usize, b: usize, y: usize, count: i32, wideA: i32, wideB: i32, smallest: i32): void {
  const from = (<usize>shareFrom(count, LINE)) << 2;
  const end = y + ((<usize>shareTo(count, LINE)) << 2);
  y += from;
  if (wideA) a += from;
  if (wideB) b += from;
  let done = y;
  if (end - y >= 32) {
    if (wideA && wideB) done = smallest ? extremePairs(a, b, y, end, true, true, true) : extremePairs(a, b, y, end, true, true, false);
    else if (wideA) done = smallest ? extremePairs(a, b, y, end, true, false, true) : extremePairs(a, b, y, end, true, false, false);
    else if (wideB) done = smallest ? extremePairs(a, b, y, end, false, true, true) : extremePairs(a, b, y, end, false, true, false);
  }
  if (wideA) a += done - y;
  if (wideB) b += done - y;
  y = done;
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
