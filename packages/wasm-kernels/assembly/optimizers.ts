// Optimizer updates of float32 arrays in one pass over memory (LARS: two, its norms come first). Inputs are never written.
import { madd } from './simd';
import { LINE, shareFrom, shareTo } from './team';
import { PANEL } from './tile-shape';

/** update = -rate * u and nextVelocity = v, where d = gradient + decay * variable, v = momentum * velocity + d, u = v or d + momentum * v. */
// @inline
function sgd(
  gradient: usize,
  velocity: usize,
  variable: usize,
  update: usize,
  nextVelocity: usize,
  count: i32,
  rate: f32,
  momentum: f32,
  decay: f32,
  decays: bool,
  moves: bool,
  nesterov: bool,
): void {
  const bytes = (<usize>shareTo(count, LINE)) << 2;
  const step = f32x4.splat(-rate),
    old = f32x4.splat(momentum),
    shrink = f32x4.splat(decay);
  let i = (<usize>shareFrom(count, LINE)) << 2;
  if (PANEL == 16) {
    for (const pairs = bytes & ~31; i < pairs; i += 32) {
      let d = v128.load(gradient + i),
        dn = v128.load(gradient + i, 16);
      if (decays) {
        const w = v128.load(variable + i),
          wn = v128.load(variable + i, 16);
        d = madd(w, shrink, d);
        dn = madd(wn, shrink, dn);
      }
      let u = d,
        un = dn;
      if (moves) {
        const o = v128.load(velocity + i),
          on = v128.load(velocity + i, 16);
        const v = madd(o, old, d),
          vn = madd(on, old, dn);
        v128.store(nextVelocity + i, vn, 16);
        v128.store(nextVelocity + i, v);
        u = nesterov ? madd(v, old, d) : v;
        un = nesterov ? madd(vn, old, dn) : vn;
      }
      v128.store(update + i, f32x4.mul(un, step), 16);
      v128.store(update + i, f32x4.mul(u, step));
    }
  }
  for (const vectors = bytes & ~15; i < vectors; i += 16) {
    let d = v128.load(gradient + i);
    if (decays) d = madd(v128.load(variable + i), shrink, d);
    let u = d;
    if (moves) {
      const v = madd(v128.load(velocity + i), old, d);
      v128.store(nextVelocity + i, v);
      u = nesterov ? madd(v, old, d) : v;
    }
    v128.store(update + i, f32x4.mul(u, step));
  }
  for (; i < bytes; i += 4) {
    let d = load<f32>(gradient + i);
    if (decays) d += load<f32>(variable + i) * decay;
    let u = d;
    if (moves) {
      const v = load<f32>(velocity + i) * momentum + d;
      store<f32>(nextVelocity + i, v);
      u = nesterov ? d + momentum * v : v;
    }
    store<f32>(update + i, -rate * u);
  }
}

/** Gradient descent with momentum; `variable` 0: no decay, `velocity` 0: no momentum. */
export function sgdUpdate(
  gradient: usize,
  velocity: usize,
  variable: usize,
  update: usize,
  nextVelocity: usize,
  count: i32,
  rate: f32,
  momentum: f32,
  decay: f32,
  nesterov: i32,
): void {
  if (velocity == 0) {
    if (variable == 0) sgd(gradient, 0, 0, update, 0, count, rate, 0, 0, false, false, false);
    else sgd(gradient, 0, variable, update, 0, count, rate, 0, decay, true, false, false);
  } else if (variable == 0) {
    if (nesterov) sgd(gradient, velocity, 0, update, nextVelocity, count, rate, momentum, 0, false, true, true);
    else sgd(gradient, velocity, 0, update, nextVelocity, count, rate, momentum, 0, false, true, false);
  } else {
    if (nesterov) sgd(gradient, velocity, variable, update, nextVelocity, count, rate, momentum, decay, true, true, true);
    else sgd(gradient, velocity, variable, update, nextVelocity, count, rate, momentum, decay, true, true, false);
  }
}

/** update = -rate * (m * forMoment / (sqrt(v) + epsilon) + decay * variable) with the moments m and v moved first; `variable` 0: no decay. */
export function adamWUpdate(
  gradient: usize,
  first: usize,
  second: usize,
  variable: usize,
  update: usize,
  nextFirst: usize,
  nextSecond: usize,
  count: i32,
  rate: f32,
  beta1: f64,
  beta2: f64,
  epsilon: f32,
  forMoment: f32,
  decay: f32,
): void {
  const bytes = (<usize>shareTo(count, LINE)) << 2;
  const keep1 = <f32>beta1,
    take1 = <f32>(1 - beta1),
    keep2 = <f32>beta2,
    take2 = <f32>(1 - beta2);
  let i = (<usize>shareFrom(count, LINE)) << 2;
  if (PANEL == 16 && variable != 0) {
    const k1 = f32x4.splat(keep1),
      t1 = f32x4.splat(take1),
      k2 = f32x4.splat(keep2),
      t2 = f32x4.splat(take2);
    const moment = f32x4.splat(forMoment),
      floor = f32x4.splat(epsilon),
      shrink = f32x4.splat(decay),
      step = f32x4.splat(-rate);
    for (const pairs = bytes & ~31; i < pairs; i += 32) {
      const g = v128.load(gradient + i),
        gn = v128.load(gradient + i, 16);
      const w = v128.load(variable + i),
        wn = v128.load(variable + i, 16);
      const m = madd(v128.load(first + i), k1, f32x4.mul(g, t1)),
        mn = madd(v128.load(first + i, 16), k1, f32x4.mul(gn, t1));
      const v = madd(v128.load(second + i), k2, f32x4.mul(f32x4.mul(g, g), t2)),
        vn = madd(v128.load(second + i, 16), k2, f32x4.mul(f32x4.mul(gn, gn), t2));
      const u = f32x4.div(f32x4.mul(m, moment), f32x4.add(f32x4.sqrt(v), floor)),
        un = f32x4.div(f32x4.mul(mn, moment), f32x4.add(f32x4.sqrt(vn), floor));
      const r = f32x4.mul(madd(w, shrink, u), step),
        rn = f32x4.mul(madd(wn, shrink, un), step);
      v128.store(nextFirst + i, mn, 16);
      v128.store(nextFirst + i, m);
      v128.store(nextSecond + i, vn, 16);
      v128.store(nextSecond + i, v);
      v128.store(update + i, rn, 16);
      v128.store(update + i, r);
    }
  }
  for (const vectors = bytes & ~15; i < vectors; i += 16) {
    const g = v128.load(gradient + i);
    const m = madd(v128.load(first + i), f32x4.splat(keep1), f32x4.mul(g, f32x4.splat(take1)));
    const v = madd(v128.load(second + i), f32x4.splat(keep2), f32x4.mul(f32x4.mul(g, g), f32x4.splat(take2)));
    v128.store(nextFirst + i, m);
    v128.store(nextSecond + i, v);
    let u = f32x4.div(f32x4.mul(m, f32x4.splat(forMoment)), f32x4.add(f32x4.sqrt(v), f32x4.splat(epsilon)));
    if (variable != 0) u = madd(v128.load(variable + i), f32x4.splat(decay), u);
    v128.store(update + i, f32x4.mul(u, f32x4.splat(-rate)));
  }
  for (; i < bytes; i += 4) {
    const g = load<f32>(gradient + i);
    const m = load<f32>(first + i) * keep1 + g * take1;
    const v = load<f32>(second + i) * keep2 + g * g * take2;
    store<f32>(nextFirst + i, m);
    store<f32>(nextSecond + i, v);
    let u = (m * forMoment) / (sqrt<f32>(v) + epsilon);
    if (variable != 0) u += load<f32>(variable + i) * decay;
    store<f32>(update + i, -rate * u);
  }
}

/** to = momentum * old + (1 - momentum) * fresh */
export function emaUpdate(old: usize, fresh: usize, to: usize, count: i32, momentum: f64): void {
  const bytes = (<usize>shareTo(count, LINE)) << 2;
  const keep = <f32>momentum,
    take = <f32>(1 - momentum);
  let i = (<usize>shareFrom(count, LINE)) << 2;
  const k = f32x4.splat(keep),
    t = f32x4.splat(take);
  if (PANEL == 16) {
    for (const pairs = bytes & ~31; i < pairs; i += 32) {
      const o = v128.load(old + i),
        on = v128.load(old + i, 16);
      const f = v128.load(fresh + i),
        fn = v128.load(fresh + i, 16);
      v128.store(to + i, madd(on, k, f32x4.mul(fn, t)), 16);
      v128.store(to + i, madd(o, k, f32x4.mul(f, t)));
    }
  }
  for (const vectors = bytes & ~15; i < vectors; i += 16) {
    v128.store(to + i, madd(v128.load(old + i), k, f32x4.mul(v128.load(fresh + i), t)));
  }
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(old + i) * keep + load<f32>(fresh + i) * take);
}
