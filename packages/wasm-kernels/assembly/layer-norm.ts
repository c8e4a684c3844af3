// Layer normalization over rows of features: x [rows, features]. Each row is swept while it lies in the first cache.
// Sums along a row run in float32 over at most CHUNK bytes, sums over rows over at most SUM_ROWS rows; then they are added in float64.
// A sum along a row is a chain, each link of which waits for the one before: rows are taken several at a time, whose chains run side by side.
import { ZERO } from './constant';
import { blockSumBytes, endBlock, foldBlocks, startBlock, startTotals, SHARE_CHANNELS, SUM_ROWS } from './row-sums';
import { madd } from './simd';
import { shareFrom, shareTo } from './team';
import { laneSum, loadTail, storeTail } from './tail';
import { PANEL } from './tile-shape';

const CHUNK: usize = 4096;
/** Rows that the forward pass takes at a time. */
const ROWS: i32 = 4;

/** sum + u or sum + u * u, where u = x - shift; without squares the shift is 0. */
// @inline
function link(sum: v128, x: v128, shift: v128, squares: bool): v128 {
  if (!squares) return f32x4.add(sum, x);
  const u = f32x4.sub(x, shift);
  return madd(u, u, sum);
}

/** The last one to three numbers of a row, or their squares, around the shift. */
function restSum(x: usize, count: i32, shift: v128, squares: bool): f64 {
  const u = f32x4.sub(loadTail(x, count, shift), shift);
  return laneSum(squares ? f32x4.mul(u, u) : u);
}

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
      even = link(even, v128.load(x), shift, squares);
      odd = link(odd, v128.load(x, 16), shift, squares);
    }
    if (x + 16 <= stop) {
      even = link(even, v128.load(x), shift, squares);
      x += 16;
    }
    total += laneSum(f32x4.add(even, odd));
  }
  if (x < end) total += restSum(x, <i32>((end - x) >> 2), shift, squares);
  return total;
}

/** The sum of the two vectors of sums at `spare`, with one more vector of x where one is left. */
// @inline
function joined(spare: usize, x: usize, left: bool, shift: v128, squares: bool): f64 {
  let even = v128.load(spare);
  if (left) even = link(even, v128.load(x), shift, squares);
  return laneSum(f32x4.add(even, v128.load(spare, 16)));
}

/** rowSum of ROWS rows of at least 32 bytes, into the first eight bytes of the rows at `spare`; the first 32 of each are overwritten. */
// @inline
function rowSums(x: usize, bytes: usize, a: f32, b: f32, c: f32, d: f32, squares: bool, spare: usize): void {
  const shiftA = f32x4.splat(a),
    shiftB = f32x4.splat(b),
    shiftC = f32x4.splat(c),
    shiftD = f32x4.splat(d);
  const xB = x + bytes,
    xC = xB + bytes,
    xD = xC + bytes;
  const spareB = spare + bytes,
    spareC = spareB + bytes,
    spareD = spareC + bytes;
  const vectors = bytes & ~15;
  let totalA: f64 = 0,
    totalB: f64 = 0,
    totalC: f64 = 0,
    totalD: f64 = 0;
  let i: usize = 0;
  while (i < vectors) {
    const stop = min(i + CHUNK, vectors);
    let evenA = f32x4.splat(0),
      oddA = f32x4.splat(0),
      evenB = f32x4.splat(0),
      oddB = f32x4.splat(0),
      evenC = f32x4.splat(0),
      oddC = f32x4.splat(0),
      evenD = f32x4.splat(0),
      oddD = f32x4.splat(0);
    for (; i + 32 <= stop; i += 32) {
      evenA = link(evenA, v128.load(x + i), shiftA, squares);
      oddA = link(oddA, v128.load(x + i, 16), shiftA, squares);
      evenB = link(evenB, v128.load(xB + i), shiftB, squares);
      oddB = link(oddB, v128.load(xB + i, 16), shiftB, squares);
      evenC = link(evenC, v128.load(xC + i), shiftC, squares);
      oddC = link(oddC, v128.load(xC + i, 16), shiftC, squares);
      evenD = link(evenD, v128.load(xD + i), shiftD, squares);
      oddD = link(oddD, v128.load(xD + i, 16), shiftD, squares);
    }
    // Through memory: pairs of sums are joined into wider vectors only where a pair of stores ends them.
    v128.store(spare, oddA, 16);
    v128.store(spare, evenA);
    v128.store(spareB, oddB, 16);
    v128.store(spareB, evenB);
    v128.store(spareC, oddC, 16);
    v128.store(spareC, evenC);
    v128.store(spareD, oddD, 16);
    v128.store(spareD, evenD);
    const left = i < stop;
    totalA += joined(spare, x + i, left, shiftA, squares);
    totalB += joined(spareB, xB + i, left, shiftB, squares);
    totalC += joined(spareC, xC + i, left, shiftC, squares);
    totalD += joined(spareD, xD + i, left, shiftD, squares);
    if (left) i += 16;
  }
  const rest = <i32>((bytes & 15) >> 2);
  if (rest) {
    totalA += restSum(x + i, rest, shiftA, squares);
    totalB += restSum(xB + i, rest, shiftB, squares);
    totalC += restSum(xC + i, rest, shiftC, squares);
    totalD += restSum(xD + i, rest, shiftD, squares);
  }
  store<f64>(spare, totalA);
  store<f64>(spareB, totalB);
  store<f64>(spareC, totalC);
  store<f64>(spareD, totalD);
}

/** One row of y from its exact mean and the sum of squares around the rounded one; mean and inverse are stored. */
function normalizeRow(
  x: usize,
  scale: usize,
  offset: usize,
  y: usize,
  mean: usize,
  inverse: usize,
  features: i32,
  exact: f64,
  squares: f64,
  epsilon: f64,
): void {
  const bytes = (<usize>features) << 2;
  const vectors = bytes & ~15;
  const rest = features & 3;
  const rounded = <f32>exact;
  const center = f32x4.splat(rounded);
  const missing = exact - <f64>rounded;
  const factor = 1 / Math.sqrt(max(squares / <f64>features - missing * missing, 0.0) + epsilon);
  store<f32>(mean, rounded);
  store<f32>(inverse, <f32>factor);
  // What the mean loses by rounding goes into the product's addend, where it costs nothing.
  const slope = f32x4.splat(<f32>factor),
    shift = f32x4.splat(<f32>(-missing * factor));
  let c: usize = 0;
  for (; c + 32 <= vectors; c += 32) {
    const u = madd(f32x4.sub(v128.load(x + c), center), slope, shift),
      v = madd(f32x4.sub(v128.load(x + c, 16), center), slope, shift);
    const first = madd(u, v128.load(scale + c), v128.load(offset + c)),
      second = madd(v, v128.load(scale + c, 16), v128.load(offset + c, 16));
    v128.store(y + c, second, 16);
    v128.store(y + c, first);
  }
  if (c < vectors) {
    const normal = madd(f32x4.sub(v128.load(x + c), center), slope, shift);
    v128.store(y + c, madd(normal, v128.load(scale + c), v128.load(offset + c)));
    c += 16;
  }
  if (rest) {
    const normal = madd(f32x4.sub(loadTail(x + c, rest, center), center), slope, shift);
    storeTail(y + c, madd(normal, loadTail(scale + c, rest, ZERO), loadTail(offset + c, rest, ZERO)), rest);
  }
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
  const n = <f64>features;
  const first = shareFrom(rows, 1);
  const last = shareTo(rows, 1);
  x += <usize>first * bytes;
  y += <usize>first * bytes;
  mean += (<usize>first) << 2;
  inverse += (<usize>first) << 2;
  let r = first;
  if (bytes >= 32) {
    for (; r + ROWS <= last; r += ROWS) {
      rowSums(x, bytes, 0, 0, 0, 0, false, y);
      const a = load<f64>(y) / n,
        b = load<f64>(y + bytes) / n,
        c = load<f64>(y + 2 * bytes) / n,
        d = load<f64>(y + 3 * bytes) / n;
      rowSums(x, bytes, <f32>a, <f32>b, <f32>c, <f32>d, true, y);
      normalizeRow(x, scale, offset, y, mean, inverse, features, a, load<f64>(y), epsilon);
      normalizeRow(x + bytes, scale, offset, y + bytes, mean + 4, inverse + 4, features, b, load<f64>(y + bytes), epsilon);
      normalizeRow(x + 2 * bytes, scale, offset, y + 2 * bytes, mean + 8, inverse + 8, features, c, load<f64>(y + 2 * bytes), epsilon);
      normalizeRow(x + 3 * bytes, scale, offset, y + 3 * bytes, mean + 12, inverse + 12, features, d, load<f64>(y + 3 * bytes), epsilon);
      x += ROWS * bytes;
      y += ROWS * bytes;
      mean += ROWS << 2;
      inverse += ROWS << 2;
    }
  }
  for (; r < last; r++) {
    const exact = rowSum(x, bytes, ZERO, false) / n;
    const squares = rowSum(x, bytes, f32x4.splat(<f32>exact), true);
    normalizeRow(x, scale, offset, y, mean, inverse, features, exact, squares, epsilon);
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

/** One row of dx from the sums of g = dy * scale and of g * (x - mean) * inverse. */
function spreadRow(dy: usize, x: usize, scale: usize, dx: usize, features: i32, mean: f32, inverse: f32, first: f64, second: f64): void {
  const vectors = ((<usize>features) << 2) & ~15;
  const rest = features & 3;
  const n = <f64>features;
  const center = f32x4.splat(mean),
    factor = f32x4.splat(inverse);
  const slope = f32x4.splat(<f32>((-(<f64>inverse) * <f64>inverse * second) / n)),
    shift = f32x4.splat(<f32>((-(<f64>inverse) * first) / n));
  let c: usize = 0;
  for (; c + 32 <= vectors; c += 32) {
    const p = madd(f32x4.sub(v128.load(x + c), center), slope, shift),
      q = madd(f32x4.sub(v128.load(x + c, 16), center), slope, shift);
    const u = madd(f32x4.mul(v128.load(dy + c), v128.load(scale + c)), factor, p),
      v = madd(f32x4.mul(v128.load(dy + c, 16), v128.load(scale + c, 16)), factor, q);
    v128.store(dx + c, v, 16);
    v128.store(dx + c, u);
  }
  if (c < vectors) {
    const projected = madd(f32x4.sub(v128.load(x + c), center), slope, shift);
    v128.store(dx + c, madd(f32x4.mul(v128.load(dy + c), v128.load(scale + c)), factor, projected));
    c += 16;
  }
  if (rest) {
    const projected = madd(f32x4.sub(loadTail(x + c, rest, center), center), slope, shift);
    const g = f32x4.mul(loadTail(dy + c, rest, ZERO), loadTail(scale + c, rest, ZERO));
    storeTail(dx + c, madd(g, factor, projected), rest);
  }
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
  spreadRow(dy, x, scale, dx, features, mean, inverse, first, second);
}

/** The same of a row and the next one: what they add to `sums` is added in that order. `mean` and `inverse` are addresses. */
function gradTwoRows(dy: usize, x: usize, scale: usize, dx: usize, sums: usize, features: i32, mean: usize, inverse: usize): void {
  const bytes = (<usize>features) << 2;
  const vectors = bytes & ~15;
  const rest = features & 3;
  const forOffset = sums + bytes;
  const dyB = dy + bytes,
    xB = x + bytes;
  const centerA = f32x4.splat(load<f32>(mean)),
    centerB = f32x4.splat(load<f32>(mean, 4)),
    factorA = f32x4.splat(load<f32>(inverse)),
    factorB = f32x4.splat(load<f32>(inverse, 4));
  let firstA: f64 = 0,
    secondA: f64 = 0,
    firstB: f64 = 0,
    secondB: f64 = 0;
  let c: usize = 0;
  while (c < vectors) {
    const stop = min(c + CHUNK, vectors);
    let sumA = ZERO,
      productA = ZERO,
      sumB = ZERO,
      productB = ZERO;
    for (; c + 32 <= stop; c += 32) {
      const dA = v128.load(dy + c),
        eA = v128.load(dy + c, 16),
        dB = v128.load(dyB + c),
        eB = v128.load(dyB + c, 16);
      const nA = f32x4.mul(f32x4.sub(v128.load(x + c), centerA), factorA),
        mA = f32x4.mul(f32x4.sub(v128.load(x + c, 16), centerA), factorA),
        nB = f32x4.mul(f32x4.sub(v128.load(xB + c), centerB), factorB),
        mB = f32x4.mul(f32x4.sub(v128.load(xB + c, 16), centerB), factorB);
      const s = v128.load(scale + c),
        t = v128.load(scale + c, 16);
      const gA = f32x4.mul(dA, s),
        hA = f32x4.mul(eA, t),
        gB = f32x4.mul(dB, s),
        hB = f32x4.mul(eB, t);
      const forScale = madd(dB, nB, madd(dA, nA, v128.load(sums + c))),
        forScaleNext = madd(eB, mB, madd(eA, mA, v128.load(sums + c, 16)));
      const plain = f32x4.add(f32x4.add(v128.load(forOffset + c), dA), dB),
        plainNext = f32x4.add(f32x4.add(v128.load(forOffset + c, 16), eA), eB);
      sumA = f32x4.add(f32x4.add(sumA, gA), hA);
      sumB = f32x4.add(f32x4.add(sumB, gB), hB);
      productA = madd(hA, mA, madd(gA, nA, productA));
      productB = madd(hB, mB, madd(gB, nB, productB));
      v128.store(sums + c, forScaleNext, 16);
      v128.store(sums + c, forScale);
      v128.store(forOffset + c, plainNext, 16);
      v128.store(forOffset + c, plain);
    }
    if (c < stop) {
      const dA = v128.load(dy + c),
        dB = v128.load(dyB + c);
      const nA = f32x4.mul(f32x4.sub(v128.load(x + c), centerA), factorA),
        nB = f32x4.mul(f32x4.sub(v128.load(xB + c), centerB), factorB);
      const s = v128.load(scale + c);
      const gA = f32x4.mul(dA, s),
        gB = f32x4.mul(dB, s);
      sumA = f32x4.add(sumA, gA);
      sumB = f32x4.add(sumB, gB);
      productA = madd(gA, nA, productA);
      productB = madd(gB, nB, productB);
      v128.store(sums + c, madd(dB, nB, madd(dA, nA, v128.load(sums + c))));
      v128.store(forOffset + c, f32x4.add(f32x4.add(v128.load(forOffset + c), dA), dB));
      c += 16;
    }
    firstA += laneSum(sumA);
    secondA += laneSum(productA);
    firstB += laneSum(sumB);
    secondB += laneSum(productB);
  }
  if (rest) {
    const dA = loadTail(dy + c, rest, ZERO),
      dB = loadTail(dyB + c, rest, ZERO);
    const nA = f32x4.mul(f32x4.sub(loadTail(x + c, rest, centerA), centerA), factorA),
      nB = f32x4.mul(f32x4.sub(loadTail(xB + c, rest, centerB), centerB), factorB);
    const s = loadTail(scale + c, rest, ZERO);
    const gA = f32x4.mul(dA, s),
      gB = f32x4.mul(dB, s);
    firstA += laneSum(gA);
    secondA += laneSum(f32x4.mul(gA, nA));
    firstB += laneSum(gB);
    secondB += laneSum(f32x4.mul(gB, nB));
    storeTail(sums + c, madd(dB, nB, madd(dA, nA, loadTail(sums + c, rest, ZERO))), rest);
    storeTail(forOffset + c, f32x4.add(f32x4.add(loadTail(forOffset + c, rest, ZERO), dA), dB), rest);
  }
  spreadRow(dy, x, scale, dx, features, load<f32>(mean), load<f32>(inverse), firstA, secondA);
  spreadRow(dyB, xB, scale, dx + bytes, features, load<f32>(mean, 4), load<f32>(inverse, 4), firstB, secondB);
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
    let r = block;
    // in narrow builds two rows at a time gain nothing
    for (; PANEL == 16 && r + 2 <= stop; r += 2) {
      const at = <usize>r * bytes;
      const one = (<usize>r) << 2;
      gradTwoRows(dy + at, x + at, scale, dx + at, own, features, mean + one, inverse + one);
    }
    for (; r < stop; r++) {
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
