// Softmax over rows, with a scale and an additive mask, and its gradient.
import { constant, ZERO } from './constant';
import { expNegative } from './exp';
import { expShiftedRun } from './exp-wide';
import { madd } from './simd';
import { laneMax, laneSum, loadTail, storeTail } from './tail';
import { shareFrom, shareTo } from './team';
import { PANEL } from './tile-shape';

/** Sums run in float32 over at most so many bytes, then in float64. */
const CHUNK: usize = 4096;
// The maximum starts here rather than at -Infinity: z - maximum is no NaN then where all z are -Infinity, but -Infinity, and every term 0.
const LOWEST = constant(-3.4028234663852886e38);
const NOTHING = constant(-Infinity);

/** One row: z = scale * x + mask into y, and the largest z returned. `mask` may be 0. */
// @inline
function scaled(x: usize, mask: usize, y: usize, columns: i32, scale: v128): f32 {
  const vectors = ((<usize>columns) << 2) & ~15;
  const rest = columns & 3;
  let largest = LOWEST;
  let c: usize = 0;
  if (mask) {
    for (; c + 32 <= vectors; c += 32) {
      const z = madd(v128.load(x + c), scale, v128.load(mask + c)),
        w = madd(v128.load(x + c, 16), scale, v128.load(mask + c, 16));
      largest = f32x4.pmax(f32x4.pmax(largest, z), w);
      v128.store(y + c, w, 16);
      v128.store(y + c, z);
    }
    if (c < vectors) {
      const z = madd(v128.load(x + c), scale, v128.load(mask + c));
      largest = f32x4.pmax(largest, z);
      v128.store(y + c, z);
      c += 16;
    }
  } else {
    for (; c + 32 <= vectors; c += 32) {
      const z = f32x4.mul(v128.load(x + c), scale),
        w = f32x4.mul(v128.load(x + c, 16), scale);
      largest = f32x4.pmax(f32x4.pmax(largest, z), w);
      v128.store(y + c, w, 16);
      v128.store(y + c, z);
    }
    if (c < vectors) {
      const z = f32x4.mul(v128.load(x + c), scale);
      largest = f32x4.pmax(largest, z);
      v128.store(y + c, z);
      c += 16;
    }
  }
  if (rest) {
    let z = f32x4.mul(loadTail(x + c, rest, ZERO), scale);
    if (mask) z = madd(loadTail(x + c, rest, ZERO), scale, loadTail(mask + c, rest, ZERO));
    storeTail(y + c, z, rest);
    largest = f32x4.pmax(largest, loadTail(y + c, rest, NOTHING));
  }
  return laneMax(largest);
}

/** y = exp(y - largest) in place; returns the sum. */
function terms(y: usize, columns: i32, largest: f32): f64 {
  const shift = f32x4.splat(largest);
  const end = y + ((<usize>columns) << 2);
  let total: f64 = 0;
  while (y + 16 <= end) {
    const stop = min(y + CHUNK, end);
    let sum = ZERO;
    if (PANEL == 16) {
      sum = expShiftedRun(y, stop, y, shift, sum);
      y += (stop - y) & ~31;
    }
    for (; y + 16 <= stop; y += 16) {
      const e = expNegative(f32x4.sub(v128.load(y), shift));
      sum = f32x4.add(sum, e);
      v128.store(y, e);
    }
    total += laneSum(sum);
  }
  if (y < end) {
    const rest = <i32>((end - y) >> 2);
    const e = expNegative(f32x4.sub(loadTail(y, rest, NOTHING), shift));
    storeTail(y, e, rest);
    total += laneSum(e);
  }
  return total;
}

// @inline
function multiply(y: usize, columns: i32, by: f32): void {
  const factor = f32x4.splat(by);
  const vectors = ((<usize>columns) << 2) & ~15;
  const rest = columns & 3;
  let c: usize = 0;
  for (; c + 32 <= vectors; c += 32) {
    const u = f32x4.mul(v128.load(y + c), factor),
      v = f32x4.mul(v128.load(y + c, 16), factor);
    v128.store(y + c, v, 16);
    v128.store(y + c, u);
  }
  if (c < vectors) {
    v128.store(y + c, f32x4.mul(v128.load(y + c), factor));
    c += 16;
  }
  if (rest) storeTail(y + c, f32x4.mul(loadTail(y + c, rest, ZERO), factor), rest);
}

/**
 * y = softmax(scale * x + mask) over rows numbered [outer, middle, inner] of `columns`; the mask's rows are [outer, inner], 0 stands for none.
 * A row whose z are all -Infinity is 0.
 */
export function softmax(x: usize, mask: usize, y: usize, outer: i32, middle: i32, inner: i32, columns: i32, scale: f32): void {
  const bytes = (<usize>columns) << 2;
  const factor = f32x4.splat(scale);
  const rows = outer * middle * inner;
  const first = shareFrom(rows, 1);
  const last = shareTo(rows, 1);
  x += <usize>first * bytes;
  y += <usize>first * bytes;
  let i = first % inner;
  let m = (first / inner) % middle;
  let o = first / inner / middle;
  for (let r = first; r < last; r++) {
    const sum = terms(y, columns, scaled(x, mask ? mask + <usize>(o * inner + i) * bytes : 0, y, columns, factor));
    multiply(y, columns, sum == 0 ? 0 : <f32>(1 / sum));
    x += bytes;
    y += bytes;
    if (++i == inner) {
      i = 0;
      if (++m == middle) {
        m = 0;
        o++;
      }
    }
  }
}

/** One row of dx from the sum of dy * y, in float32 so far as whole vectors go. */
function spreadRow(dy: usize, y: usize, dx: usize, columns: i32, scale: f32, sum: f64): void {
  const vectors = ((<usize>columns) << 2) & ~15;
  const rest = columns & 3;
  const factor = f32x4.splat(scale);
  const along = f32x4.splat(<f32>(rest ? sum + restSum(dy + vectors, y + vectors, rest) : sum));
  let c: usize = 0;
  for (; c + 32 <= vectors; c += 32) {
    const u = f32x4.mul(f32x4.mul(v128.load(y + c), factor), f32x4.sub(v128.load(dy + c), along)),
      v = f32x4.mul(f32x4.mul(v128.load(y + c, 16), factor), f32x4.sub(v128.load(dy + c, 16), along));
    v128.store(dx + c, v, 16);
    v128.store(dx + c, u);
  }
  if (c < vectors) {
    v128.store(dx + c, f32x4.mul(f32x4.mul(v128.load(y + c), factor), f32x4.sub(v128.load(dy + c), along)));
    c += 16;
  }
  if (rest) {
    const weight = f32x4.mul(loadTail(y + c, rest, ZERO), factor);
    storeTail(dx + c, f32x4.mul(weight, f32x4.sub(loadTail(dy + c, rest, ZERO), along)), rest);
  }
}

function restSum(dy: usize, y: usize, count: i32): f64 {
  return laneSum(f32x4.mul(loadTail(dy, count, ZERO), loadTail(y, count, ZERO)));
}

/** dx = scale * y * (dy - sum of dy * y), by rows. One at a time: four, whose sums ran side by side, took a third longer. */
export function softmaxGrad(dy: usize, y: usize, dx: usize, rows: i32, columns: i32, scale: f32): void {
  const bytes = (<usize>columns) << 2;
  const vectors = bytes & ~15;
  const first = shareFrom(rows, 1);
  const last = shareTo(rows, 1);
  dy += <usize>first * bytes;
  y += <usize>first * bytes;
  dx += <usize>first * bytes;
  for (let r = first; r < last; r++) {
    let total: f64 = 0;
    let c: usize = 0;
    while (c < vectors) {
      const stop = min(c + CHUNK, vectors);
      let sum = ZERO;
      for (; c < stop; c += 16) sum = madd(v128.load(dy + c), v128.load(y + c), sum);
      total += laneSum(sum);
    }
    spreadRow(dy, y, dx, columns, scale, total);
    dy += bytes;
    y += bytes;
    dx += bytes;
  }
}
