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
  const outputs = batch * outDepth * outHeight * outWidth;
  for (let o = 0; o < outputs; o++) {
    const column = (o % outWidth) * strideWidth - left;
    const row = ((o / outWidth) % outHeight) * strideHeight - top;
    const slice = ((o / outWidth / outHeight) % outDepth) * strideDepth - front;
    const image = x + <usize>(o / outWidth / outHeight / outDepth) * <usize>(depth * height * width) * bytes;
    for (let c: usize = 0; c < bytes; c += 4) store<f32>(y + c, -Infinity);
    for (let i = max(slice, 0); i < min(slice + filterDepth, depth); i++) {
      for (let j = max(row, 0); j < min(row + filterHeight, height); j++) {
        for (let k = max(column, 0); k < min(column + filterWidth, width); k++) {
          larger(y, image + <usize>((i * height + j) * width + k) * bytes, bytes);
        }
      }
    }
    y += bytes;
  }
}

/** to = max(to, from); NaN in `from` is passed over, as tfjs documents it. */
function larger(to: usize, from: usize, bytes: usize): void {
  const vectors = bytes & ~15;
  let c: usize = 0;
  for (; c < vectors; c += 16) v128.store(to + c, f32x4.pmax(v128.load(to + c), v128.load(from + c)));
  for (; c < bytes; c += 4) {
    if (load<f32>(from + c) > load<f32>(to + c)) store<f32>(to + c, load<f32>(from + c));
  }
}
