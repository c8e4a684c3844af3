// Max and average pooling. A maximum passes NaN over, as tfjs documents it; an average of NaN is NaN. A window without pixels: -Infinity and NaN.
import * as g from './geometry';
import { shareFrom, shareTo } from './team';

export function maxPool(x: usize, y: usize): void {
  pool(x, y, false);
}

export function avgPool(x: usize, y: usize): void {
  pool(x, y, true);
}

// @inline
function join(sum: v128, value: v128, average: bool): v128 {
  return average ? f32x4.add(sum, value) : f32x4.pmax(sum, value); // pmax(a, NaN) is a
}

/** `average` is a constant: the call is inlined. */
// @inline
function pool(x: usize, y: usize, average: bool): void {
  const bytes = (<usize>g.inChannels) << 2;
  const row = <usize>g.inWidth * bytes;
  const first: f32 = average ? 0 : -Infinity;
  const start = f32x4.splat(first);
  const lines = g.batch * g.outHeight;
  const firstLine = shareFrom(lines, 1),
    lastLine = shareTo(lines, 1);
  y += <usize>firstLine * <usize>g.outWidth * bytes;
  for (let line = firstLine; line < lastLine; line++) {
    const image = x + <usize>(line / g.outHeight) * <usize>g.inHeight * row;
    const oh = line % g.outHeight;
    const atY = oh * g.strideHeight - g.padTop;
    const top = max(atY, 0),
      bottom = min(atY + g.filterHeight, g.inHeight);
    for (let ow = 0; ow < g.outWidth; ow++) {
      const atX = ow * g.strideWidth - g.padLeft;
      const left = max(atX, 0),
        right = min(atX + g.filterWidth, g.inWidth);
      const height = max(bottom - top, 0),
        width = max(right - left, 0);
      const count: f32 = average ? <f32>(height * width) : 1;
      const counts = f32x4.splat(count);
      const corner = image + <usize>top * row + <usize>left * bytes;
      let c: usize = 0;
      for (; c + 64 <= bytes; c += 64) {
        let a = start,
          b = start,
          d = start,
          e = start;
        for (let i = 0; i < height; i++) {
          let at = corner + <usize>i * row + c;
          for (let j = 0; j < width; j++) {
            a = join(a, v128.load(at), average);
            b = join(b, v128.load(at, 16), average);
            d = join(d, v128.load(at, 32), average);
            e = join(e, v128.load(at, 48), average);
            at += bytes;
          }
        }
        const to = y + c;
        v128.store(to, average ? f32x4.div(b, counts) : b, 16);
        v128.store(to, average ? f32x4.div(a, counts) : a);
        v128.store(to, average ? f32x4.div(e, counts) : e, 48);
        v128.store(to, average ? f32x4.div(d, counts) : d, 32);
      }
      for (; c + 16 <= bytes; c += 16) {
        let a = start;
        for (let i = 0; i < height; i++) {
          let at = corner + <usize>i * row + c;
          for (let j = 0; j < width; j++) {
            a = join(a, v128.load(at), average);
            at += bytes;
          }
        }
        v128.store(y + c, average ? f32x4.div(a, counts) : a);
      }
      for (; c < bytes; c += 4) {
        let a = first;
        for (let i = 0; i < height; i++) {
          let at = corner + <usize>i * row + c;
          for (let j = 0; j < width; j++) {
            const value = load<f32>(at);
            if (average) a += value;
            else if (value > a) a = value;
            at += bytes;
          }
        }
        store<f32>(y + c, average ? a / count : a);
      }
      y += bytes;
    }
  }
}
