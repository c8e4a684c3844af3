// LARS: the step of a variable is scaled by the ratio of its norm to its gradient's. Norms in float64, in a pass of their own.
import { madd } from './simd';
import { barrier, LINE, place, shareFrom, shareTo, team } from './team';
import { PANEL } from './tile-shape';

/** sqrt(sum of (a + weight * b)²); `b` 0: of a alone. */
function norm(a: usize, b: usize, weight: f32, count: i32): f64 {
  const bytes = (<usize>count) << 2;
  let low = f64x2.splat(0),
    high = low;
  let i: usize = 0;
  for (const vectors = bytes & ~15; i < vectors; i += 16) {
    let v = v128.load(a + i);
    if (b != 0) v = madd(v128.load(b + i), f32x4.splat(weight), v);
    const p = f64x2.promote_low_f32x4(v),
      q = f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
    low = f64x2.add(low, f64x2.mul(p, p));
    high = f64x2.add(high, f64x2.mul(q, q));
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; i < bytes; i += 4) {
    let v = <f64>load<f32>(a + i);
    if (b != 0) v += <f64>weight * <f64>load<f32>(b + i);
    sum += v * v;
  }
  return Math.sqrt(sum);
}

/** nextVelocity = momentum * velocity + forGradient * (gradient + decay * variable), update = forVelocity * nextVelocity */
function move(
  gradient: usize,
  velocity: usize,
  variable: usize,
  update: usize,
  nextVelocity: usize,
  count: i32,
  momentum: f32,
  decay: f32,
  forGradient: f32,
  forVelocity: f32,
): void {
  const bytes = (<usize>shareTo(count, LINE)) << 2;
  let i = (<usize>shareFrom(count, LINE)) << 2;
  const shrink = f32x4.splat(decay),
    old = f32x4.splat(momentum),
    scale = f32x4.splat(forGradient),
    step = f32x4.splat(forVelocity);
  if (PANEL == 16) {
    for (const pairs = bytes & ~31; i < pairs; i += 32) {
      const g = v128.load(gradient + i),
        gn = v128.load(gradient + i, 16);
      const w = v128.load(variable + i),
        wn = v128.load(variable + i, 16);
      const o = v128.load(velocity + i),
        on = v128.load(velocity + i, 16);
      const v = madd(o, old, f32x4.mul(madd(w, shrink, g), scale)),
        vn = madd(on, old, f32x4.mul(madd(wn, shrink, gn), scale));
      v128.store(nextVelocity + i, vn, 16);
      v128.store(nextVelocity + i, v);
      v128.store(update + i, f32x4.mul(vn, step), 16);
      v128.store(update + i, f32x4.mul(v, step));
    }
  }
  for (const vectors = bytes & ~15; i < vectors; i += 16) {
    const d = madd(v128.load(variable + i), shrink, v128.load(gradient + i));
    const v = madd(v128.load(velocity + i), old, f32x4.mul(d, scale));
    v128.store(nextVelocity + i, v);
    v128.store(update + i, f32x4.mul(v, step));
  }
  for (; i < bytes; i += 4) {
    const d = load<f32>(gradient + i) + decay * load<f32>(variable + i);
    const v = momentum * load<f32>(velocity + i) + forGradient * d;
    store<f32>(nextVelocity + i, v);
    store<f32>(update + i, forVelocity * v);
  }
}

/**
 * One LARS update. `split`: the ratio divides by |gradient| + decay * |variable|, otherwise by |gradient + decay * variable|. `inside`: the rate is
 * part of what the velocity sums. `clip`: the step takes min(ratio, rate) instead of
 * their product (LARC). Where a norm is 0 the ratio is 1.
 */
export function larsUpdate(
  gradient: usize,
  velocity: usize,
  variable: usize,
  update: usize,
  nextVelocity: usize,
  count: i32,
  rate: f64,
  momentum: f32,
  decay: f32,
  trust: f64,
  epsilon: f64,
  split: i32,
  inside: i32,
  clip: i32,
): void {
  // A team's first two members take one norm each, and the outputs hold them until all have read them.
  const shared = team > 1 && count >= LINE;
  const seat = place();
  let size: f64 = 0,
    own: f64 = 0;
  if (!shared || seat == 0) size = norm(variable, 0, 0, count);
  if (!shared || seat == 1) own = norm(gradient, split ? 0 : variable, decay, count);
  if (shared) {
    if (seat == 0) store<f64>(update, size);
    if (seat == 1) store<f64>(nextVelocity, own);
    barrier();
    size = load<f64>(update);
    own = load<f64>(nextVelocity);
    barrier();
  }
  let ratio: f64 = 1;
  if (size > 0 && own > 0) {
    ratio = (trust * size) / (own + (split ? <f64>decay * size : 0) + epsilon);
    if (clip) ratio = min(ratio / rate, 1.0);
  }
  const scale = inside ? <f32>(ratio * rate) : <f32>ratio;
  move(gradient, velocity, variable, update, nextVelocity, count, momentum, decay, scale, inside ? -1 : <f32>-rate);
}
