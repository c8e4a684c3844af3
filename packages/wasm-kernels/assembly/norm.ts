// Batch normalisation in training over rows of channels: x [rows, channels]. Every pass walks memory in order.
// Sums run in float32 over at most 64 rows and are then added in float64.
import { madd } from './simd';

const SUM_ROWS: i32 = 64;

/** Bytes of scratch: two float64 sums, two float32 sums and three coefficients for each channel. */
export function batchNormScratch(channels: i32): usize {
  return <usize>channels * 48 + 256;
}

/** Adds the rows' sums of u and of u * v to `sums` (float32, channels + channels): u = x - shift, v = u; or u = dy, v = x - shift. */
function addRows(x: usize, dy: usize, shift: usize, rows: i32, channels: i32, sums: usize): void {
  const bytes = (<usize>channels) << 2;
  const vectors = bytes & ~15;
  const second = sums + bytes;
  const own = dy == 0;
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const x1 = x + bytes,
      x2 = x1 + bytes,
      x3 = x2 + bytes;
    const d1 = dy + bytes,
      d2 = d1 + bytes,
      d3 = d2 + bytes;
    for (let c: usize = 0; c < vectors; c += 16) {
      const s = v128.load(shift + c);
      const v0 = f32x4.sub(v128.load(x + c), s),
        v1 = f32x4.sub(v128.load(x1 + c), s);
      const v2 = f32x4.sub(v128.load(x2 + c), s),
        v3 = f32x4.sub(v128.load(x3 + c), s);
      let u0 = v0,
        u1 = v1,
        u2 = v2,
        u3 = v3;
      if (!own) {
        u0 = v128.load(dy + c);
        u1 = v128.load(d1 + c);
        u2 = v128.load(d2 + c);
        u3 = v128.load(d3 + c);
      }
      v128.store(sums + c, f32x4.add(v128.load(sums + c), f32x4.add(f32x4.add(u0, u1), f32x4.add(u2, u3))));
      const left = madd(u0, v0, f32x4.mul(u1, v1));
      const right = madd(u2, v2, f32x4.mul(u3, v3));
      v128.store(second + c, f32x4.add(v128.load(second + c), f32x4.add(left, right)));
    }
    x += bytes << 2;
    dy += own ? 0 : bytes << 2;
  }
  // What is left: the last rows, and the last channels of all of them.
  for (; r < rows; r++) {
    addScalars(x, dy, shift, 0, vectors, sums, second);
    x += bytes;
    dy += own ? 0 : bytes;
  }
  if (vectors < bytes) {
    x -= bytes * <usize>rows;
    dy -= own ? 0 : bytes * <usize>rows;
    for (let i = 0; i < rows; i++) {
      addScalars(x, dy, shift, vectors, bytes, sums, second);
      x += bytes;
      dy += own ? 0 : bytes;
    }
  }
}

function addScalars(x: usize, dy: usize, shift: usize, from: usize, to: usize, sums: usize, second: usize): void {
  for (let c = from; c < to; c += 4) {
    const v = load<f32>(x + c) - load<f32>(shift + c);
    const u = dy == 0 ? v : load<f32>(dy + c);
    store<f32>(sums + c, load<f32>(sums + c) + u);
    store<f32>(second + c, load<f32>(second + c) + u * v);
  }
}

/** totals (float64, channels + channels) = sums over all rows; `sums` is float32 scratch of the same length. */
function total(x: usize, dy: usize, shift: usize, rows: i32, channels: i32, totals: usize, sums: usize): void {
  const count: usize = (<usize>channels) << 1;
  const rowBytes = (<usize>channels) << 2;
  memory.fill(totals, 0, count << 3);
  for (let r = 0; r < rows; r += SUM_ROWS) {
    const block = min(SUM_ROWS, rows - r);
    memory.fill(sums, 0, count << 2);
    addRows(x, dy, shift, block, channels, sums);
    for (let i: usize = 0; i < count; i++) store<f64>(totals + (i << 3), load<f64>(totals + (i << 3)) + <f64>load<f32>(sums + (i << 2)));
    x += rowBytes * <usize>block;
    dy += dy == 0 ? 0 : rowBytes * <usize>block;
  }
}

/** y = (x - mean) / sqrt(variance + epsilon) * scale + offset; mean and biased variance over the rows are outputs too. */
export function batchNorm(
  x: usize,
  scale: usize,
  offset: usize,
  y: usize,
  mean: usize,
  variance: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const totals = (scratch + 15) & ~15;
  const sums = totals + ((<usize>channels) << 4);
  const factor = sums + ((<usize>channels) << 3);
  // Sums are taken around the first row: no cancellation when the mean is large against the deviation.
  total(x, 0, x, rows, channels, totals, sums);
  const n = <f64>rows;
  for (let c: usize = 0; c < <usize>channels; c++) {
    const first = load<f64>(totals + (c << 3)) / n;
    const second = load<f64>(totals + ((c + <usize>channels) << 3)) / n;
    const spread = max(second - first * first, 0.0);
    store<f32>(mean + (c << 2), <f32>(<f64>load<f32>(x + (c << 2)) + first));
    store<f32>(variance + (c << 2), <f32>spread);
    store<f32>(factor + (c << 2), <f32>(<f64>load<f32>(scale + (c << 2)) / Math.sqrt(spread + epsilon)));
  }
  const bytes = (<usize>channels) << 2;
  const vectors = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const centred = f32x4.sub(v128.load(x + c), v128.load(mean + c));
      v128.store(y + c, madd(centred, v128.load(factor + c), v128.load(offset + c)));
    }
    for (; c < bytes; c += 4) {
      store<f32>(y + c, (load<f32>(x + c) - load<f32>(mean + c)) * load<f32>(factor + c) + load<f32>(offset + c));
    }
    x += bytes;
    y += bytes;
  }
}

/** dx, dScale and dOffset of batchNorm from dy and what the forward pass saw. */
export function batchNormGrad(
  dy: usize,
  x: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const totals = (scratch + 15) & ~15;
  const sums = totals + ((<usize>channels) << 4);
  const bytes = (<usize>channels) << 2;
  const forDy = sums + (bytes << 1);
  const forX = forDy + bytes;
  const constant = forX + bytes;
  total(x, dy, mean, rows, channels, totals, sums);
  const n = <f64>rows;
  for (let c: usize = 0; c < <usize>channels; c++) {
    const sum = load<f64>(totals + (c << 3));
    const product = load<f64>(totals + ((c + <usize>channels) << 3));
    const inverse = 1 / Math.sqrt(<f64>load<f32>(variance + (c << 2)) + epsilon);
    const a = <f64>load<f32>(scale + (c << 2)) * inverse;
    store<f32>(dOffset + (c << 2), <f32>sum);
    store<f32>(dScale + (c << 2), <f32>(product * inverse));
    store<f32>(forDy + (c << 2), <f32>a);
    store<f32>(forX + (c << 2), <f32>((-a * inverse * inverse * product) / n));
    store<f32>(constant + (c << 2), <f32>((-a * sum) / n));
  }
  const vectors = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const centred = f32x4.sub(v128.load(x + c), v128.load(mean + c));
      const inner = madd(centred, v128.load(forX + c), v128.load(constant + c));
      v128.store(dx + c, madd(v128.load(dy + c), v128.load(forDy + c), inner));
    }
    for (; c < bytes; c += 4) {
      const inner = (load<f32>(x + c) - load<f32>(mean + c)) * load<f32>(forX + c) + load<f32>(constant + c);
      store<f32>(dx + c, load<f32>(dy + c) * load<f32>(forDy + c) + inner);
    }
    x += bytes;
    dy += bytes;
    dx += bytes;
  }
}
