// Tiles of the depthwise filter gradient: sums over a grid of pixels that stay in registers.
import { madd } from './simd';

/** sums[tap] = sum over a grid of pixels of x (shifted by the tap) times dy: three neighboring taps, eight channels. */
export function filterThree(
  x: usize,
  xRow: usize,
  xPixel: usize,
  tap: usize,
  dy: usize,
  dyRow: usize,
  dyPixel: usize,
  rows: i32,
  cols: i32,
  sums: usize,
): void {
  let a0 = f32x4.splat(0),
    b0 = a0,
    a1 = a0,
    b1 = a0,
    a2 = a0,
    b2 = a0;
  for (let r = 0; r < rows; r++) {
    let p = x;
    let d = dy;
    for (let c = 0; c < cols; c++) {
      const u = v128.load(d);
      const v = v128.load(d, 16);
      a0 = madd(v128.load(p), u, a0);
      b0 = madd(v128.load(p, 16), v, b0);
      let s = p + tap;
      a1 = madd(v128.load(s), u, a1);
      b1 = madd(v128.load(s, 16), v, b1);
      s += tap;
      a2 = madd(v128.load(s), u, a2);
      b2 = madd(v128.load(s, 16), v, b2);
      p += xPixel;
      d += dyPixel;
    }
    x += xRow;
    dy += dyRow;
  }
  v128.store(sums, b0, 16);
  v128.store(sums, a0);
  v128.store(sums, b1, 48);
  v128.store(sums, a1, 32);
  v128.store(sums, b2, 80);
  v128.store(sums, a2, 64);
}

/** The same for one tap; eight channels (`wide`) or four. */
export function filterOne(
  x: usize,
  xRow: usize,
  xPixel: usize,
  dy: usize,
  dyRow: usize,
  dyPixel: usize,
  rows: i32,
  cols: i32,
  sums: usize,
  wide: bool,
): void {
  const second: usize = wide ? 16 : 0;
  let a = f32x4.splat(0),
    b = a;
  for (let r = 0; r < rows; r++) {
    let p = x;
    let d = dy;
    for (let c = 0; c < cols; c++) {
      a = madd(v128.load(p), v128.load(d), a);
      b = madd(v128.load(p + second), v128.load(d + second), b);
      p += xPixel;
      d += dyPixel;
    }
    x += xRow;
    dy += dyRow;
  }
  v128.store(sums, b, 16);
  v128.store(sums, a);
}

/** The same for one tap and one channel. */
export function filterScalar(
  x: usize,
  xRow: usize,
  xPixel: usize,
  dy: usize,
  dyRow: usize,
  dyPixel: usize,
  rows: i32,
  cols: i32,
  sums: usize,
): void {
  let sum: f32 = 0;
  for (let r = 0; r < rows; r++) {
    let p = x;
    let d = dy;
    for (let c = 0; c < cols; c++) {
      sum += load<f32>(p) * load<f32>(d);
      p += xPixel;
      d += dyPixel;
    }
    x += xRow;
    dy += dyRow;
  }
  store<f32>(sums, sum);
}
