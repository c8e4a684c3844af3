import { shareFrom, shareTo } from './team';

/** Max pooling over boxes: y [n, od, oh, ow, c] from x [n, d, h, w, c]; pads may be negative, as tfjs has them where the stride exceeds the window. */
export function maxPool3d(
  x: usize,
  y: usize,
  batch: i32,
  depth: i32,
  height: i32,
  width: i32,
  channels: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  filterDepth: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideDepth: i32,
  strideHeight: i32,
  strideWidth: i32,
  front: i32,
  top: i32,
  left: i32,
): void {
  const bytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * bytes,
    slab = <usize>height * rowBytes;
  const lines = batch * outDepth * outHeight;
  const firstLine = shareFrom(lines, 1),
    lastLine = shareTo(lines, 1);
  y += <usize>firstLine * <usize>outWidth * bytes;
  for (let line = firstLine; line < lastLine; line++) {
    const image = x + <usize>(line / outHeight / outDepth) * <usize>depth * slab;
    const atZ = ((line / outHeight) % outDepth) * strideDepth - front,
      atY = (line % outHeight) * strideHeight - top;
    const slice = max(atZ, 0),
      row = max(atY, 0);
    const slices = min(atZ + filterDepth, depth) - slice,
      rows = min(atY + filterHeight, height) - row;
    for (let o = 0; o < outWidth; o++) {
      const atX = o * strideWidth - left;
      const column = max(atX, 0);
      const columns = min(atX + filterWidth, width) - column;
      const corner = image + <usize>slice * slab + <usize>row * rowBytes + <usize>column * bytes;
      box(corner, y, bytes, slices, rows, columns, slab, rowBytes);
      y += bytes;
    }
  }
}

/** One window: to = the maxima of its pixels from `corner` on; NaN is passed over, as tfjs documents it. */
function box(corner: usize, to: usize, bytes: usize, slices: i32, rows: i32, columns: i32, slab: usize, rowBytes: usize): void {
  const start = f32x4.splat(-Infinity);
  let c: usize = 0;
  for (; c + 32 <= bytes; c += 32) {
    let a = start,
      b = start;
    for (let i = 0; i < slices; i++) {
      for (let j = 0; j < rows; j++) {
        let at = corner + <usize>i * slab + <usize>j * rowBytes + c;
        for (let k = 0; k < columns; k++) {
          a = f32x4.pmax(a, v128.load(at));
          b = f32x4.pmax(b, v128.load(at, 16));
          at += bytes;
        }
      }
    }
    v128.store(to + c, b, 16);
    v128.store(to + c, a);
  }
  for (; c + 16 <= bytes; c += 16) {
    let a = start;
    for (let i = 0; i < slices; i++) {
      for (let j = 0; j < rows; j++) {
        let at = corner + <usize>i * slab + <usize>j * rowBytes + c;
        for (let k = 0; k < columns; k++) {
          a = f32x4.pmax(a, v128.load(at));
          at += bytes;
        }
      }
    }
    v128.store(to + c, a);
  }
  for (; c < bytes; c += 4) {
    let a: f32 = -Infinity;
    for (let i = 0; i < slices; i++) {
      for (let j = 0; j < rows; j++) {
        let at = corner + <usize>i * slab + <usize>j * rowBytes + c;
        for (let k = 0; k < columns; k++) {
          const value = load<f32>(at);
          if (value > a) a = value;
          at += bytes;
        }
      }
    }
    store<f32>(to + c, a);
  }
}
