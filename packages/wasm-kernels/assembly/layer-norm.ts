// Layer normalization over rows of features: x [rows, features]. Each row is swept while it lies in the first cache.
// Sums along a row run in float32 over at most CHUNK bytes, sums over rows over at most SUM_ROWS rows; then they are added in float64.
import { ZERO } from './constant';
import { blockSumBytes, endBlock, foldBlocks, startBlock, startTotals, SHARE_CHANNELS, SUM_ROWS } from './row-sums';
import { madd } from './simd';
import { shareFrom, shareTo } from './team';
import { laneSum, loadTail, storeTail } from './tail';

const CHUNK: usize = 4096;

/** The sum of u = x - shift along a row, or of u * u. */
// @inline
function rowSum(x: usize, bytes: usize, shift: v128, squares: bool): f64 {
  const end = x + bytes;
  let total: f64 = 0;
  while (x + 16 <= end) {
    const stop = min(x + CHUNK, end);
    let even = ZERO,
      odd = ZERO;
    for (; x + 32 <= stop; x += 32) {
      const u = f32x4.sub(v128.load(x), shift),
        v = f32x4.sub(v128.load(x, 16), shift);
      even = squares ? madd(u, u, even) : f32x4.add(even, u);
      odd = squares ? madd(v, v, odd) : f32x4.add(odd, v);
    }
    if (x + 16 <= stop) {
      const u = f32x4.sub(v128.load(x), shift);
      even = squares ? madd(u, u, even) : f32x4.add(even, u);
      x += 16;
    }
    total += laneSum(f32x4.add(even, odd));
  }
  if (x < end) {
    const u = f32x4.sub(loadTail(x, <i32>((end - x) >> 2), shift), shift);
    total += laneSum(squares ? f32x4.mul(u, u) : u);
  }
  return total;
}

/** y = (x - mean) * inverse * scale + offset; each row's mean and inverse = 1 / sqrt(variance + epsilon) are outputs too. */
export function layerNorm(
  x: usize,
  scale: usize,
  offset: usize,
  y: usize,
  mean: usize,
  inverse: usize,
  rows: i32,
  features: i32,
  epsilon: f64,
): void {
  const bytes = (<usize>features) << 2;
  const vectors = bytes & ~15;
  const rest = features & 3;
  const n = <f64>features;
  const first = shareFrom(rows, 1);
  const last = shareTo(rows, 1);
  x += <usize>first * bytes;
  y += <usize>first * bytes;
  mean += (<usize>first) << 2;
  inverse += (<usize>first) << 2;
  for (let r = first; r < last; r++) {
    const exact = rowSum(x, bytes, ZERO, false) / n;
    const rounded = <f32>exact;
    const center = f32x4.splat(rounded);
    const missing = exact - <f64>rounded;
    const factor = 1 / Math.sqrt(max(rowSum(x, bytes, center, true) / n - missing * missing, 0.0) + epsilon);
    store<f32>(mean, rounded);
    store<f32>(inverse, <f32>factor);
    // What the mean loses by rounding goes into the product's addend, where it costs nothing.
    const slope = f32x4.splat(<f32>factor),
      shift = f32x4.splat(<f32>(-missing * factor));
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const normal = madd(f32x4.sub(v128.load(x + c), center), slope, shift);
      v128.store(y + c, madd(normal, v128.load(scale + c), v128.load(offset + c)));
    }
    if (rest) {
      const normal = madd(f32x4.sub(loadTail(x + c, rest, center), center), slope, shift);
      storeTail(y + c, madd(normal, loadTail(scale + c, rest, ZERO), loadTail(offset + c, rest, ZERO)), rest);
    }
    x += bytes;
    y += bytes;
    mean += 4;
    inverse += 4;
  }
}

/** Bytes of scratch of layerNormGrad: two float64 sums for each feature, and the float32 sums of blocks of rows. */
export function layerNormScratch(rows: i32, features: i32): usize {
  return <usize>features * 16 + blockSumBytes(rows, features) + 256;
}

/** dx of one row; its contributions to dScale and dOffset are added to `sums` (float32, features + features). */
function gradRow(dy: usize, x: usize, scale: usize, dx: usize, sums: usize, features: i32, mean: f32, inverse: f32): void {
  const bytes = (<usize>features) << 2;
  const vectors = bytes & ~15;
  const rest = features & 3;
  const forOffset = sums + bytes;
  const center = f32x4.splat(mean),
    factor = f32x4.splat(inverse);
  let first: f64 = 0,
    second: f64 = 0;
  let c: usize = 0;
  // g = dy * scale; first = sum of g, second = sum of g * (x - mean) * inverse
  while (c < vectors) {
    const stop = min(c + CHUNK, vectors);
    let sum = ZERO,
      product = ZERO;
    for (; c < stop; c += 16) {
      const d = v128.load(dy + c);
      const normal = f32x4.mul(f32x4.sub(v128.load(x + c), center), factor);
      const g = f32x4.mul(d, v128.load(scale + c));
      sum = f32x4.add(sum, g);
      product = madd(g, normal, product);
      v128.store(sums + c, madd(d, normal, v128.load(sums + c)));
      v128.store(forOffset + c, f32x4.add(v128.load(forOffset + c), d));
    }
    first += laneSum(sum);
    second += laneSum(product);
  }
  if (rest) {
    const d = loadTail(dy + c, rest, ZERO);
    const normal = f32x4.mul(f32x4.sub(loadTail(x + c, rest, center), center), factor);
    const g = f32x4.mul(d, loadTail(scale + c, rest, ZERO));
    first += laneSum(g);
    second += laneSum(f32x4.mul(g, normal));
    storeTail(sums + c, madd(d, normal, loadTail(sums + c, rest, ZERO)), rest);
    storeTail(forOffset + c, f32x4.add(loadTail(forOffset + c, rest, ZERO), d), rest);
  }
  const n = <f64>features;
  const slope = f32x4.splat(<f32>((-(<f64>inverse) * <f64>inverse * second) / n)),
    shift = f32x4.splat(<f32>((-(<f64>inverse) * first) / n));
  for (c = 0; c < vectors; c += 16) {
    const projected = madd(f32x4.sub(v128.load(x + c), center), slope, shift);
    v128.store(dx + c, madd(f32x4.mul(v128.load(dy + c), v128.load(scale + c)), factor, projected));
  }
  if (rest) {
    const projected = madd(f32x4.sub(loadTail(x + c, rest, center), center), slope, shift);
    const g = f32x4.mul(loadTail(dy + c, rest, ZERO), loadTail(scale + c, rest, ZERO));
    storeTail(dx + c, madd(g, factor, projected), rest);
  }
}

/** dx, dScale and dOffset of layerNorm from dy and what the forward pass saw. */
export function layerNormGrad(
  dy: usize,
  x: usize,
  mean: usize,
  inverse: usize,
  scale: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  rows: i32,
  features: i32,
  scratch: usize,
): void {
  const totals = (scratch + 15) & ~15;
  const bytes = (<usize>features) << 2;
  const sums = totals + (bytes << 2);
  const first = shareFrom(rows, SUM_ROWS);
  const last = shareTo(rows, SUM_ROWS);
  startTotals(totals, sums, features);
  for (let block = first; block < last; block += SUM_ROWS) {
    const own = startBlock(sums, block, features);
    const stop = min(block + SUM_ROWS, last);
    for (let r = block; r < stop; r++) {
      const at = <usize>r * bytes;
      const one = (<usize>r) << 2;
      gradRow(dy + at, x + at, scale, dx + at, own, features, load<f32>(mean + one), load<f32>(inverse + one));
    }
    endBlock(totals, own, features);
  }
  foldBlocks(totals, sums, rows, features);
  const to = <usize>shareTo(features, SHARE_CHANNELS);
  for (let i = <usize>shareFrom(features, SHARE_CHANNELS); i < to; i++) {
    store<f32>(dScale + (i << 2), <f32>load<f64>(totals + (i << 3)));
    store<f32>(dOffset + (i << 2), <f32>load<f64>(totals + ((i + <usize>features) << 3)));
  }
}
