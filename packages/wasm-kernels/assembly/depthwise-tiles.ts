// Tiles of the depthwise convolution: sums over a window that stay in registers. A window is `rows` x `cols` taps; neighboring taps are
// `xRow`/`xCol` bytes apart in the source (steps may be negative: pointers wrap around) and `wRow`/`wCol` in the weights.
import { activate, madd } from './simd';

/**
 * Four pixels, `xPixel` and `outPixel` bytes apart, times all channels, eight at a time; the last eight are shifted back (`channels` >= 8).
 * `init` points to a start value for each channel, or is 0.
 */
export function tileFour(
  x: usize,
  xPixel: usize,
  xRow: usize,
  xCol: usize,
  w: usize,
  wRow: usize,
  wCol: usize,
  rows: i32,
  cols: i32,
  init: usize,
  out: usize,
  outPixel: usize,
  act: i32,
  channels: i32,
): void {
  const last = (<usize>(channels - 8)) << 2;
  const stepRow = xRow - <usize>cols * xCol;
  const stepWeights = wRow - <usize>cols * wCol;
  for (let c: usize = 0; c < last + 32; c += 32) {
    const at = min(c, last);
    let a0 = f32x4.splat(0),
      b0 = a0;
    if (init != 0) {
      a0 = v128.load(init + at);
      b0 = v128.load(init + at, 16);
    }
    let a1 = a0,
      b1 = b0,
      a2 = a0,
      b2 = b0,
      a3 = a0,
      b3 = b0;
    let p = x + at;
    let q = w + at;
    for (let r = 0; r < rows; r++) {
      for (let t = 0; t < cols; t++) {
        const u = v128.load(q);
        const v = v128.load(q, 16);
        a0 = madd(v128.load(p), u, a0);
        b0 = madd(v128.load(p, 16), v, b0);
        let s = p + xPixel;
        a1 = madd(v128.load(s), u, a1);
        b1 = madd(v128.load(s, 16), v, b1);
        s += xPixel;
        a2 = madd(v128.load(s), u, a2);
        b2 = madd(v128.load(s, 16), v, b2);
        s += xPixel;
        a3 = madd(v128.load(s), u, a3);
        b3 = madd(v128.load(s, 16), v, b3);
        p += xCol;
        q += wCol;
      }
      p += stepRow;
      q += stepWeights;
    }
    let o = out + at;
    if (act != 0) {
      a0 = activate(a0, act);
      b0 = activate(b0, act);
      a1 = activate(a1, act);
      b1 = activate(b1, act);
      a2 = activate(a2, act);
      b2 = activate(b2, act);
      a3 = activate(a3, act);
      b3 = activate(b3, act);
    }
    v128.store(o, b0, 16);
    v128.store(o, a0);
    o += outPixel;
    v128.store(o, b1, 16);
    v128.store(o, a1);
    o += outPixel;
    v128.store(o, b2, 16);
    v128.store(o, a2);
    o += outPixel;
    v128.store(o, b3, 16);
    v128.store(o, a3);
  }
}

/** The same for windows three wide whose taps are as far apart as the pixels: six source pixels serve twelve products. */
export function tileFourThree(
  x: usize,
  xPixel: usize,
  xRow: usize,
  w: usize,
  wRow: usize,
  wCol: usize,
  rows: i32,
  init: usize,
  out: usize,
  outPixel: usize,
  act: i32,
  channels: i32,
): void {
  const last = (<usize>(channels - 8)) << 2;
  for (let c: usize = 0; c < last + 32; c += 32) {
    const from = min(c, last);
    for (let at = from; at < from + 32; at += 16) {
      let a0 = f32x4.splat(0);
      if (init != 0) a0 = v128.load(init + at);
      let a1 = a0,
        a2 = a0,
        a3 = a0;
      let p = x + at;
      let q = w + at;
      for (let r = 0; r < rows; r++) {
        const u = v128.load(q);
        const v = v128.load(q + wCol);
        const z = v128.load(q + (wCol << 1));
        let s = p;
        let value = v128.load(s);
        a0 = madd(value, u, a0);
        s += xPixel;
        value = v128.load(s);
        a0 = madd(value, v, a0);
        a1 = madd(value, u, a1);
        s += xPixel;
        value = v128.load(s);
        a0 = madd(value, z, a0);
        a1 = madd(value, v, a1);
        a2 = madd(value, u, a2);
        s += xPixel;
        value = v128.load(s);
        a1 = madd(value, z, a1);
        a2 = madd(value, v, a2);
        a3 = madd(value, u, a3);
        s += xPixel;
        value = v128.load(s);
        a2 = madd(value, z, a2);
        a3 = madd(value, v, a3);
        value = v128.load(s + xPixel);
        a3 = madd(value, z, a3);
        p += xRow;
        q += wRow;
      }
      let o = out + at;
      v128.store(o, activate(a0, act));
      o += outPixel;
      v128.store(o, activate(a1, act));
      o += outPixel;
      v128.store(o, activate(a2, act));
      v128.store(o + outPixel, activate(a3, act));
    }
  }
}

/** One pixel times eight channels (`wide`) or four. */
export function tileOne(
  x: usize,
  xRow: usize,
  xCol: usize,
  w: usize,
  wRow: usize,
  wCol: usize,
  rows: i32,
  cols: i32,
  init: usize,
  out: usize,
  act: i32,
  wide: bool,
): void {
  const second: usize = wide ? 16 : 0;
  let a = init != 0 ? v128.load(init) : f32x4.splat(0);
  let b = init != 0 ? v128.load(init + second) : f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    let p = x;
    let q = w;
    for (let c = 0; c < cols; c++) {
      a = madd(v128.load(p), v128.load(q), a);
      b = madd(v128.load(p + second), v128.load(q + second), b);
      p += xCol;
      q += wCol;
    }
    x += xRow;
    w += wRow;
  }
  if (wide) v128.store(out, activate(b, act), 16);
  v128.store(out, activate(a, act));
}

/** One pixel, one channel. */
export function tileScalar(
  x: usize,
  xRow: usize,
  xCol: usize,
  w: usize,
  wRow: usize,
  wCol: usize,
  rows: i32,
  cols: i32,
  init: usize,
  out: usize,
  act: i32,
): void {
  let sum: f32 = init != 0 ? load<f32>(init) : 0;
  for (let r = 0; r < rows; r++) {
    let p = x;
    let q = w;
    for (let c = 0; c < cols; c++) {
      sum += load<f32>(p) * load<f32>(q);
      p += xCol;
      q += wCol;
    }
    x += xRow;
    w += wRow;
  }
  if (act != 0) sum = max(sum, 0);
  if (act == 2) sum = min(sum, 6);
  store<f32>(out, sum);
}
