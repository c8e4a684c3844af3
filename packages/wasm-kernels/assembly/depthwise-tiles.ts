// Tiles of the depthwise convolution: sums over a window that stay in registers. A window is `rows` x `cols` taps; neighboring taps are
// `xRow`/`xCol` bytes apart in the source (steps may be negative: pointers wrap around) and `wRow`/`wCol` in the weights.
import { scalar } from './constant';
import { activate, madd } from './simd';
import { PANEL } from './tile-shape';

const NONE: f32 = scalar(0);

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
  const highest: f32 = act == 2 ? 6 : <f32>Infinity;
  const none = f32x4.splat(NONE),
    high = f32x4.splat(highest);
  for (let c: usize = 0; c < last + 32; c += 32) {
    const at = min(c, last);
    let a0 = none,
      b0 = none;
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
    storePairs(out + at, outPixel, act != 0, none, high, a0, b0, a1, b1, a2, b2, a3, b3);
  }
}

/** Four pairs of vectors to four pixels, between bounds where `bounded`. A choice between operations of a pair would put them into blocks apart, where V8 does not join them. */
// @inline
function storePairs(
  o: usize,
  step: usize,
  bounded: bool,
  low: v128,
  high: v128,
  a0: v128,
  b0: v128,
  a1: v128,
  b1: v128,
  a2: v128,
  b2: v128,
  a3: v128,
  b3: v128,
): void {
  if (bounded) {
    a0 = f32x4.min(f32x4.max(a0, low), high);
    b0 = f32x4.min(f32x4.max(b0, low), high);
    a1 = f32x4.min(f32x4.max(a1, low), high);
    b1 = f32x4.min(f32x4.max(b1, low), high);
    a2 = f32x4.min(f32x4.max(a2, low), high);
    b2 = f32x4.min(f32x4.max(b2, low), high);
    a3 = f32x4.min(f32x4.max(a3, low), high);
    b3 = f32x4.min(f32x4.max(b3, low), high);
  }
  v128.store(o, b0, 16);
  v128.store(o, a0);
  o += step;
  v128.store(o, b1, 16);
  v128.store(o, a1);
  o += step;
  v128.store(o, b2, 16);
  v128.store(o, a2);
  o += step;
  v128.store(o, b3, 16);
  v128.store(o, a3);
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
  if (PANEL == 16) {
    const highest: f32 = act == 2 ? 6 : <f32>Infinity;
    const none = f32x4.splat(NONE),
      high = f32x4.splat(highest);
    for (let c: usize = 0; c < last + 32; c += 32) {
      const at = min(c, last);
      let a0 = none,
        b0 = none;
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
        const u = v128.load(q),
          un = v128.load(q, 16);
        const q1 = q + wCol;
        const v = v128.load(q1),
          vn = v128.load(q1, 16);
        const q2 = q1 + wCol;
        const z = v128.load(q2),
          zn = v128.load(q2, 16);
        let s = p;
        let y = v128.load(s),
          yn = v128.load(s, 16);
        a0 = madd(y, u, a0);
        b0 = madd(yn, un, b0);
        s += xPixel;
        y = v128.load(s);
        yn = v128.load(s, 16);
        a0 = madd(y, v, a0);
        b0 = madd(yn, vn, b0);
        a1 = madd(y, u, a1);
        b1 = madd(yn, un, b1);
        s += xPixel;
        y = v128.load(s);
        yn = v128.load(s, 16);
        a0 = madd(y, z, a0);
        b0 = madd(yn, zn, b0);
        a1 = madd(y, v, a1);
        b1 = madd(yn, vn, b1);
        a2 = madd(y, u, a2);
        b2 = madd(yn, un, b2);
        s += xPixel;
        y = v128.load(s);
        yn = v128.load(s, 16);
        a1 = madd(y, z, a1);
        b1 = madd(yn, zn, b1);
        a2 = madd(y, v, a2);
        b2 = madd(yn, vn, b2);
        a3 = madd(y, u, a3);
        b3 = madd(yn, un, b3);
        s += xPixel;
        y = v128.load(s);
        yn = v128.load(s, 16);
        a2 = madd(y, z, a2);
        b2 = madd(yn, zn, b2);
        a3 = madd(y, v, a3);
        b3 = madd(yn, vn, b3);
        s += xPixel;
        a3 = madd(v128.load(s), z, a3);
        b3 = madd(v128.load(s, 16), zn, b3);
        p += xRow;
        q += wRow;
      }
      storePairs(out + at, outPixel, act != 0, none, high, a0, b0, a1, b1, a2, b2, a3, b3);
    }
    return;
  }
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
