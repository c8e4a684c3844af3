// Gradient of batch normalization in training, residual and ReLU included: one pass for the sums, one for dx.
import { normFactors } from './norm';
import { endBlock, fold, foldBlocks, SHARE_CHANNELS, startBlock, startTotals, SUM_ROWS } from './row-sums';
import { madd } from './simd';
import { barrier, shareFrom, shareTo } from './team';

// Where the ReLU's mask comes from.
const NO_RELU: i32 = 0;
const FROM_Y: i32 = 1; // y > 0; the masked dy is the residual's gradient and is written in the first pass, the second reads it
const FROM_X: i32 = 2; // the forward pass' arithmetic again, which saves reading y

/** dy where the forward pass' arithmetic gave a positive number, v = x - mean. */
// @inline
function gate(dy: v128, v: v128, factor: v128, offset: v128): v128 {
  return positive(dy, madd(v, factor, offset));
}

/** dy where y > 0. */
// @inline
function positive(dy: v128, y: v128): v128 {
  return v128.and(dy, f32x4.gt(y, f32x4.splat(0)));
}

/** dy where the ReLU let it pass, v = x - mean. */
// @inline
function gateScalar(dy: usize, v: f32, factor: usize, offset: usize, y: usize, masked: usize, mode: i32): f32 {
  let g = load<f32>(dy);
  if (mode == FROM_X && !(v * load<f32>(factor) + load<f32>(offset) > 0)) g = 0;
  if (mode == FROM_Y) {
    if (!(load<f32>(y) > 0)) g = 0;
    store<f32>(masked, g);
  }
  return g;
}

/** Adds the sums over rows of g and of g * (x - mean) to `sums`, where g is dy where the ReLU let it pass. */
// @inline
function addGradients(
  dy: usize,
  x: usize,
  y: usize,
  masked: usize,
  mean: usize,
  factor: usize,
  offset: usize,
  rows: i32,
  bytes: usize,
  sums: usize,
  mode: i32,
): void {
  const vectors = bytes & ~15;
  const second = sums + bytes;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 32 <= bytes; c += 32) {
      const v = f32x4.sub(v128.load(x + c), v128.load(mean + c)),
        w = f32x4.sub(v128.load(x + c, 16), v128.load(mean + c, 16));
      let g = v128.load(dy + c),
        h = v128.load(dy + c, 16);
      if (mode == FROM_X) {
        g = gate(g, v, v128.load(factor + c), v128.load(offset + c));
        h = gate(h, w, v128.load(factor + c, 16), v128.load(offset + c, 16));
      }
      if (mode == FROM_Y) {
        g = positive(g, v128.load(y + c));
        h = positive(h, v128.load(y + c, 16));
      }
      const a = f32x4.add(v128.load(sums + c), g),
        b = f32x4.add(v128.load(sums + c, 16), h);
      const p = madd(g, v, v128.load(second + c)),
        q = madd(h, w, v128.load(second + c, 16));
      if (mode == FROM_Y) {
        v128.store(masked + c, h, 16);
        v128.store(masked + c, g);
      }
      v128.store(sums + c, b, 16);
      v128.store(sums + c, a);
      v128.store(second + c, q, 16);
      v128.store(second + c, p);
    }
    if (c < vectors) {
      const v = f32x4.sub(v128.load(x + c), v128.load(mean + c));
      let g = v128.load(dy + c);
      if (mode == FROM_X) g = gate(g, v, v128.load(factor + c), v128.load(offset + c));
      if (mode == FROM_Y) {
        g = positive(g, v128.load(y + c));
        v128.store(masked + c, g);
      }
      v128.store(sums + c, f32x4.add(v128.load(sums + c), g));
      v128.store(second + c, madd(g, v, v128.load(second + c)));
      c += 16;
    }
    for (; c < bytes; c += 4) {
      const v = load<f32>(x + c) - load<f32>(mean + c);
      const g = gateScalar(dy + c, v, factor + c, offset + c, y + c, masked + c, mode);
      store<f32>(sums + c, load<f32>(sums + c) + g);
      store<f32>(second + c, load<f32>(second + c) + g * v);
    }
    x += bytes;
    dy += bytes;
    y += bytes;
    masked += bytes;
  }
}

/** dx = g * factor + (x - mean) * forX + constant over all rows. */
// @inline
function spread(
  dy: usize,
  x: usize,
  dx: usize,
  mean: usize,
  factor: usize,
  offset: usize,
  forX: usize,
  constant: usize,
  rows: i32,
  bytes: usize,
  mode: i32,
): void {
  const vectors = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 32 <= bytes; c += 32) {
      const v = f32x4.sub(v128.load(x + c), v128.load(mean + c)),
        w = f32x4.sub(v128.load(x + c, 16), v128.load(mean + c, 16));
      const f = v128.load(factor + c),
        e = v128.load(factor + c, 16);
      let g = v128.load(dy + c),
        h = v128.load(dy + c, 16);
      if (mode == FROM_X) {
        g = gate(g, v, f, v128.load(offset + c));
        h = gate(h, w, e, v128.load(offset + c, 16));
      }
      const p = madd(g, f, madd(v, v128.load(forX + c), v128.load(constant + c))),
        q = madd(h, e, madd(w, v128.load(forX + c, 16), v128.load(constant + c, 16)));
      v128.store(dx + c, q, 16);
      v128.store(dx + c, p);
    }
    if (c < vectors) {
      const v = f32x4.sub(v128.load(x + c), v128.load(mean + c));
      let g = v128.load(dy + c);
      if (mode == FROM_X) g = gate(g, v, v128.load(factor + c), v128.load(offset + c));
      v128.store(dx + c, madd(g, v128.load(factor + c), madd(v, v128.load(forX + c), v128.load(constant + c))));
      c += 16;
    }
    for (; c < bytes; c += 4) {
      const v = load<f32>(x + c) - load<f32>(mean + c);
      const g = gateScalar(dy + c, v, factor + c, offset + c, 0, 0, mode);
      store<f32>(dx + c, g * load<f32>(factor + c) + (v * load<f32>(forX + c) + load<f32>(constant + c)));
    }
    x += bytes;
    dy += bytes;
    dx += bytes;
  }
}

/** totals (float64, channels + channels) = sums over all rows of dy and of dy * (x - mean), by this member alone. */
export function totalGradients(dy: usize, x: usize, mean: usize, rows: i32, channels: i32, totals: usize, sums: usize): void {
  const bytes = (<usize>channels) << 2;
  memory.fill(totals, 0, bytes << 2);
  memory.fill(sums, 0, bytes << 1);
  for (let r = 0; r < rows; r += SUM_ROWS) {
    const at = bytes * <usize>r;
    addGradients(dy + at, x + at, 0, 0, mean, 0, 0, min(SUM_ROWS, rows - r), bytes, sums, NO_RELU);
    fold(totals, sums, channels << 1);
  }
}

/** dx = dy * factor + (x - mean) * forX + constant over all rows. */
export function spreadRows(
  dy: usize,
  x: usize,
  dx: usize,
  mean: usize,
  factor: usize,
  forX: usize,
  constant: usize,
  rows: i32,
  bytes: usize,
): void {
  spread(dy, x, dx, mean, factor, 0, forX, constant, rows, bytes, NO_RELU);
}

// As in batchNorm: where rows lie on several ranks, the sums are exchanged between the passes.
const SUMS: i32 = 1;
const GIVEN: i32 = 2;

/**
 * dx, dScale and dOffset of batchNorm from dy and what the forward pass saw. With a ReLU either `y` (then `dResidual` is an output) or `offset`
 * is not 0; without one both are. `pass` 0: all of it, `count` is not read. 1: all but dx. 2: only dx, from dScale and dOffset that are given, the sums over
 * `count` rows; the ReLU is that of `offset` then, or none.
 */
export function batchNormGrad(
  dy: usize,
  x: usize,
  y: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  offset: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  dResidual: usize,
  rows: i32,
  channels: i32,
  epsilon: f64,
  pass: i32,
  count: f64,
  scratch: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const totals = (scratch + 63) & ~63;
  const factor = totals + (bytes << 2);
  const forX = factor + bytes;
  const constant = forX + bytes;
  const sums = constant + bytes;
  const mode = y != 0 ? FROM_Y : offset != 0 ? FROM_X : NO_RELU;
  const from = shareFrom(channels, SHARE_CHANNELS),
    to = shareTo(channels, SHARE_CHANNELS);
  normFactors(variance, scale, from, to, epsilon, factor);
  if (mode == FROM_X) barrier();
  const first = shareFrom(rows, SUM_ROWS),
    last = shareTo(rows, SUM_ROWS);
  if (pass != GIVEN) {
    startTotals(totals, sums, channels);
    for (let r = first; r < last; r += SUM_ROWS) {
      const at = bytes * <usize>r;
      const block = min(SUM_ROWS, rows - r);
      const own = startBlock(sums, r, channels);
      if (mode == NO_RELU) addGradients(dy + at, x + at, 0, 0, mean, 0, 0, block, bytes, own, NO_RELU);
      else if (mode == FROM_X) addGradients(dy + at, x + at, 0, 0, mean, factor, offset, block, bytes, own, FROM_X);
      else addGradients(dy + at, x + at, y + at, dResidual + at, mean, factor, offset, block, bytes, own, FROM_Y);
      endBlock(totals, own, channels);
    }
    foldBlocks(totals, sums, rows, channels);
  }
  const n = pass == GIVEN ? count : <f64>rows;
  for (let c: usize = from; c < <usize>to; c++) {
    const inverse = 1 / Math.sqrt(<f64>load<f32>(variance + (c << 2)) + epsilon);
    const a = <f64>load<f32>(scale + (c << 2)) * inverse;
    let sum: f64, product: f64;
    if (pass == GIVEN) {
      sum = <f64>load<f32>(dOffset + (c << 2));
      product = <f64>load<f32>(dScale + (c << 2)) / inverse;
    } else {
      sum = load<f64>(totals + (c << 3));
      product = load<f64>(totals + ((c + <usize>channels) << 3));
      store<f32>(dOffset + (c << 2), <f32>sum);
      store<f32>(dScale + (c << 2), <f32>(product * inverse));
    }
    store<f32>(forX + (c << 2), <f32>((-a * inverse * inverse * product) / n));
    store<f32>(constant + (c << 2), <f32>((-a * sum) / n));
  }
  if (pass == SUMS) return;
  barrier();
  const at = bytes * <usize>first,
    own = last - first;
  if (mode == FROM_X) spread(dy + at, x + at, dx + at, mean, factor, offset, forX, constant, own, bytes, FROM_X);
  else spreadRows((mode == FROM_Y ? dResidual : dy) + at, x + at, dx + at, mean, factor, forX, constant, own, bytes);
}
