// Sums of float32 over the middle axis of [outer, rows, inner]. Blocks in float32, then float64; memory is walked in order.
import { fold, SUM_ROWS } from './row-sums';
import { LINE, place, seats, shareFrom, shareTo } from './team';

const TILE: i32 = 4096; // columns at a time, so that their sums stay in the first-level cache
/** Bytes of a row from which on four rows are read side by side. */
const LONG_ROW: usize = 16384;
const RUN: usize = 1024; // bytes of a row that are summed in float32

/** Bytes of scratch of sumMiddle. */
export function sumMiddleScratch(inner: i32): usize {
  return <usize>seats * ownBytes(inner);
}

function ownBytes(inner: i32): usize {
  return (<usize>min(inner, TILE) * 12 + 127) & ~63;
}

/** The sum of `count` numbers in a row. */
export function sumRun(x: usize, count: i32): f64 {
  let bytes = (<usize>count) << 2;
  let total: f64 = 0;
  let pair = f64x2.splat(0);
  while (bytes >= 64) {
    const end = x + (min(bytes, RUN) & ~63);
    bytes -= end - x;
    let a = f32x4.splat(0),
      b = a,
      c = a,
      d = a;
    for (; x < end; x += 64) {
      a = f32x4.add(a, v128.load(x));
      b = f32x4.add(b, v128.load(x, 16));
      c = f32x4.add(c, v128.load(x, 32));
      d = f32x4.add(d, v128.load(x, 48));
    }
    a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    pair = f64x2.add(pair, f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 1))));
  }
  for (const end = x + bytes; x < end; x += 4) total += <f64>load<f32>(x);
  return total + f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** sums (float32) += each of the rows' first `bytes` bytes, in order; rows are `stride` bytes apart. */
function addRows(x: usize, rows: i32, stride: usize, bytes: usize, sums: usize): void {
  const pairs = bytes & ~31;
  let r = 0;
  // Four rows pass the sums once. Short rows come one after the other, which is how the processor expects them.
  for (; r + 4 <= rows && bytes >= LONG_ROW; r += 4) {
    const x1 = x + stride;
    const x2 = x1 + stride;
    const x3 = x2 + stride;
    let c: usize = 0;
    for (; c < pairs; c += 32) {
      const a = f32x4.add(f32x4.add(v128.load(sums + c), v128.load(x + c)), v128.load(x1 + c));
      const b = f32x4.add(f32x4.add(v128.load(sums + c, 16), v128.load(x + c, 16)), v128.load(x1 + c, 16));
      const d = f32x4.add(f32x4.add(a, v128.load(x2 + c)), v128.load(x3 + c));
      const e = f32x4.add(f32x4.add(b, v128.load(x2 + c, 16)), v128.load(x3 + c, 16));
      v128.store(sums + c, e, 16);
      v128.store(sums + c, d);
    }
    for (; c < bytes; c += 4) {
      store<f32>(sums + c, load<f32>(sums + c) + load<f32>(x + c) + load<f32>(x1 + c) + load<f32>(x2 + c) + load<f32>(x3 + c));
    }
    x = x3 + stride;
  }
  for (; r < rows; r++) {
    let c: usize = 0;
    for (; c < pairs; c += 32) {
      const a = f32x4.add(v128.load(sums + c), v128.load(x + c));
      const b = f32x4.add(v128.load(sums + c, 16), v128.load(x + c, 16));
      v128.store(sums + c, b, 16);
      v128.store(sums + c, a);
    }
    for (; c < bytes; c += 4) store<f32>(sums + c, load<f32>(sums + c) + load<f32>(x + c));
    x += stride;
  }
}

/** y [outer, inner] = sums over the rows of x [outer, rows, inner], divided by `divisor`. Members share the outer axis, or the inner one of a single sum. */
export function sumMiddle(x: usize, y: usize, outer: i32, rows: i32, inner: i32, divisor: f64, scratch: usize): void {
  if (inner == 1) {
    const first = shareFrom(outer, LINE);
    const last = shareTo(outer, LINE);
    x += (<usize>first * <usize>rows) << 2;
    y += (<usize>first) << 2;
    for (let o = first; o < last; o++) {
      store<f32>(y, <f32>(sumRun(x, rows) / divisor));
      x += (<usize>rows) << 2;
      y += 4;
    }
    return;
  }
  const stride = (<usize>inner) << 2;
  const totals = (scratch + <usize>place() * ownBytes(inner) + 15) & ~15;
  const sums = totals + ((<usize>min(inner, TILE) + 1) << 3);
  const firstColumn = outer == 1 ? shareFrom(inner, LINE) : 0;
  const lastColumn = outer == 1 ? shareTo(inner, LINE) : inner;
  const firstOuter = outer == 1 ? 0 : shareFrom(outer, 1);
  const lastOuter = outer == 1 ? 1 : shareTo(outer, 1);
  x += stride * <usize>rows * <usize>firstOuter;
  y += stride * <usize>firstOuter + ((<usize>firstColumn) << 2);
  for (let o = firstOuter; o < lastOuter; o++) {
    for (let from = firstColumn; from < lastColumn; from += TILE) {
      const columns = min(TILE, lastColumn - from);
      memory.fill(totals, 0, (<usize>columns + 1) << 3);
      memory.fill(sums, 0, (<usize>columns + 1) << 2);
      for (let r = 0; r < rows; r += SUM_ROWS) {
        addRows(x + stride * <usize>r + ((<usize>from) << 2), min(SUM_ROWS, rows - r), stride, (<usize>columns) << 2, sums);
        fold(totals, sums, columns);
      }
      for (let c = 0; c < columns; c++) store<f32>(y + ((<usize>c) << 2), <f32>(load<f64>(totals + ((<usize>c) << 3)) / divisor));
      y += (<usize>columns) << 2;
    }
    x += stride * <usize>rows;
  }
}
