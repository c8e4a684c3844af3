// Batch normalization in training over rows of channels: x [rows, channels], then a residual and a ReLU.
// Every pass walks memory in order, one row after another: four rows at once need fewer loads of coefficients and took up to twice the time.
import { addSquares, blockSumBytes, endBlock, foldBlocks, SHARE_CHANNELS, startBlock, startTotals, SUM_ROWS } from './row-sums';
import { madd } from './simd';
import { barrier, shareFrom, shareTo } from './team';

/** Bytes of scratch of either direction: two float64 sums and three coefficients for each channel, and the float32 sums of blocks. */
export function batchNormScratch(rows: i32, channels: i32): usize {
  return <usize>channels * 28 + blockSumBytes(rows, channels) + 256;
}

/** factor = scale / sqrt(variance + epsilon) for channels from..to, the same float32 numbers forward and backward. */
export function normFactors(variance: usize, scale: usize, from: i32, to: i32, epsilon: f64, factor: usize): void {
  for (let c = (<usize>from) << 2; c < (<usize>to) << 2; c += 4) {
    store<f32>(factor + c, <f32>(<f64>load<f32>(scale + c) / Math.sqrt(<f64>load<f32>(variance + c) + epsilon)));
  }
}

/** y = max((x - mean) * factor + offset + residual, lowest) over rows of channels. */
// @inline
function normalize(
  x: usize,
  mean: usize,
  factor: usize,
  offset: usize,
  residual: usize,
  y: usize,
  rows: i32,
  bytes: usize,
  lowest: f32,
  shortcut: bool,
): void {
  const vectors = bytes & ~15;
  const least = f32x4.splat(lowest);
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 32 <= bytes; c += 32) {
      let v = madd(f32x4.sub(v128.load(x + c), v128.load(mean + c)), v128.load(factor + c), v128.load(offset + c)),
        w = madd(f32x4.sub(v128.load(x + c, 16), v128.load(mean + c, 16)), v128.load(factor + c, 16), v128.load(offset + c, 16));
      if (shortcut) {
        v = f32x4.add(v, v128.load(residual + c));
        w = f32x4.add(w, v128.load(residual + c, 16));
      }
      v128.store(y + c, f32x4.pmax(w, least), 16); // NaN stays NaN
      v128.store(y + c, f32x4.pmax(v, least));
    }
    if (c < vectors) {
      let v = madd(f32x4.sub(v128.load(x + c), v128.load(mean + c)), v128.load(factor + c), v128.load(offset + c));
      if (shortcut) v = f32x4.add(v, v128.load(residual + c));
      v128.store(y + c, f32x4.pmax(v, least));
      c += 16;
    }
    for (; c < bytes; c += 4) {
      let v = (load<f32>(x + c) - load<f32>(mean + c)) * load<f32>(factor + c) + load<f32>(offset + c);
      if (shortcut) v += load<f32>(residual + c);
      store<f32>(y + c, v < lowest ? lowest : v);
    }
    x += bytes;
    y += bytes;
    if (shortcut) residual += bytes;
  }
}

/** y = max((x - mean) * factor + offset, lowest) over rows of channels. */
export function normaliseRows(x: usize, mean: usize, factor: usize, offset: usize, y: usize, rows: i32, bytes: usize, lowest: f32): void {
  normalize(x, mean, factor, offset, 0, y, rows, bytes, lowest, false);
}

// Where rows lie on several ranks, the statistics are exchanged between the first pass over x and the second: each is a call of its own.
const STATISTICS: i32 = 1;
const GIVEN: i32 = 2;

/**
 * y = act((x - mean) / sqrt(variance + epsilon) * scale + offset + residual); mean and biased variance over the rows are outputs too. `pass` 0: all of it,
 * 1: only the statistics, 2: only y, from the statistics that are given.
 */
export function batchNorm(
  x: usize,
  scale: usize,
  offset: usize,
  residual: usize,
  y: usize,
  mean: usize,
  variance: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  relu: i32,
  pass: i32,
  scratch: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const totals = (scratch + 63) & ~63;
  const factor = totals + (bytes << 2);
  const sums = factor + bytes * 3;
  // Sums are taken around the first row: no cancellation when the mean is large against the deviation.
  const first = shareFrom(rows, SUM_ROWS),
    last = shareTo(rows, SUM_ROWS);
  const from = shareFrom(channels, SHARE_CHANNELS),
    to = shareTo(channels, SHARE_CHANNELS);
  if (pass != GIVEN) {
    startTotals(totals, sums, channels);
    for (let r = first; r < last; r += SUM_ROWS) {
      const own = startBlock(sums, r, channels);
      addSquares(x + bytes * <usize>r, x, min(SUM_ROWS, rows - r), channels, own);
      endBlock(totals, own, channels);
    }
    foldBlocks(totals, sums, rows, channels);
    const n = <f64>rows;
    for (let c: usize = from; c < <usize>to; c++) {
      const first = load<f64>(totals + (c << 3)) / n;
      const second = load<f64>(totals + ((c + <usize>channels) << 3)) / n;
      store<f32>(mean + (c << 2), <f32>(<f64>load<f32>(x + (c << 2)) + first));
      store<f32>(variance + (c << 2), <f32>max(second - first * first, 0.0));
    }
  }
  if (pass == STATISTICS) return;
  normFactors(variance, scale, from, to, epsilon, factor);
  barrier();
  const at = bytes * <usize>first;
  const lowest: f32 = relu ? 0 : -Infinity;
  if (residual != 0) normalize(x + at, mean, factor, offset, residual + at, y + at, last - first, bytes, lowest, true);
  else normaliseRows(x + at, mean, factor, offset, y + at, last - first, bytes, lowest);
}
