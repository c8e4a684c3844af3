// Division of rows by their Euclidean norms, and its gradient. Float64 inside: squares neither overflow nor vanish, and rows are short.
import { shareFrom, shareTo } from './team';

/** Rows that a team's members take at once: their norms fill a line of the cache. */
const SHARE_ROWS: i32 = 16;

/** y = x / max(|x|, epsilon) per row; norm [rows] is an output too, infinite where float32 cannot hold it. */
export function l2Normalize(x: usize, y: usize, norm: usize, rows: i32, columns: i32, epsilon: f64): void {
  const bytes = (<usize>columns) << 2;
  const from = shareFrom(rows, SHARE_ROWS),
    to = shareTo(rows, SHARE_ROWS);
  x += bytes * <usize>from;
  y += bytes * <usize>from;
  norm += (<usize>from) << 2;
  for (let r = from; r < to; r++) {
    const length = Math.sqrt(dot(x, x, bytes));
    store<f32>(norm, <f32>length);
    spread(x, x, y, bytes, 1 / max(length, epsilon), 0);
    x += bytes;
    y += bytes;
    norm += 4;
  }
}

/** dx = (dy - y <y, dy>) / norm, and 0 for rows whose norm is below epsilon or infinite. */
export function l2NormalizeGrad(dy: usize, y: usize, norm: usize, dx: usize, rows: i32, columns: i32, epsilon: f64): void {
  const bytes = (<usize>columns) << 2;
  const from = shareFrom(rows, SHARE_ROWS),
    to = shareTo(rows, SHARE_ROWS);
  dy += bytes * <usize>from;
  y += bytes * <usize>from;
  dx += bytes * <usize>from;
  norm += (<usize>from) << 2;
  for (let r = from; r < to; r++) {
    const length = <f64>load<f32>(norm);
    const inverse = length >= epsilon ? 1 / length : 0;
    spread(dy, y, dx, bytes, inverse, -inverse * dot(y, dy, bytes));
    dy += bytes;
    y += bytes;
    dx += bytes;
    norm += 4;
  }
}

function dot(a: usize, b: usize, bytes: usize): f64 {
  let first = f64x2.splat(0),
    second = first;
  let c: usize = 0;
  for (const vectors = bytes & ~15; c < vectors; c += 16) {
    const u = f64x2.promote_low_f32x4(v128.load64_zero(a + c)),
      v = f64x2.promote_low_f32x4(v128.load64_zero(b + c));
    const s = f64x2.promote_low_f32x4(v128.load64_zero(a + c, 8)),
      t = f64x2.promote_low_f32x4(v128.load64_zero(b + c, 8));
    first = f64x2.add(first, f64x2.mul(u, v));
    second = f64x2.add(second, f64x2.mul(s, t));
  }
  first = f64x2.add(first, second);
  let sum = f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1);
  for (; c < bytes; c += 4) sum += <f64>load<f32>(a + c) * <f64>load<f32>(b + c);
  return sum;
}

/** to = a * forA + b * forB */
function spread(a: usize, b: usize, to: usize, bytes: usize, forA: f64, forB: f64): void {
  const p = f64x2.splat(forA),
    q = f64x2.splat(forB);
  let c: usize = 0;
  for (const pairs = bytes & ~7; c < pairs; c += 8) {
    const u = f64x2.promote_low_f32x4(v128.load64_zero(a + c)),
      v = f64x2.promote_low_f32x4(v128.load64_zero(b + c));
    v128.store64_lane(to + c, f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(u, p), f64x2.mul(v, q))), 0);
  }
  for (; c < bytes; c += 4) store<f32>(to + c, <f32>(<f64>load<f32>(a + c) * forA + <f64>load<f32>(b + c) * forB));
}
