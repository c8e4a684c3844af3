// Gather along one axis, and its adjoint, the sum over segments.

import { LINE, place, shareFrom, shareTo } from './team';

/** out[b, o, i, :] = x[b, o, indices[b, i], :]; slices of `sliceBytes`. Returns the place of the first index outside [0, dim), or -1. */
export function gather(x: usize, indices: usize, out: usize, batches: i32, outer: i32, dim: i32, count: i32, sliceBytes: usize): i32 {
  const all = batches * count;
  for (let i = 0; i < all; i++) {
    if (load<u32>(indices + ((<usize>i) << 2)) >= (dim as u32)) return i;
  }
  for (let b = 0; b < batches; b++) {
    const row = indices + ((<usize>(b * count)) << 2);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        const from = x + <usize>load<i32>(row + ((<usize>i) << 2)) * sliceBytes;
        if (sliceBytes == 4) store<u32>(out, load<u32>(from));
        else memory.copy(out, from, sliceBytes);
        out += sliceBytes;
      }
      x += <usize>dim * sliceBytes;
    }
  }
  return -1;
}

/** Rows for each segment from which on their float32 sums are carried over into float64 from time to time. */
const CROWDED: i32 = 64;

/** Bytes of scratch of segmentSum. */
export function segmentSumScratch(rows: i32, size: i32, segments: i32): usize {
  return rows / CROWDED < segments ? 0 : ((<usize>segments * <usize>size) << 3) + 16;
}

/** Members share the columns, where there are many segments. out[ids[i], :] += x[i, :] for rows of `size` float32; ids outside [0, segments) are dropped. */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, size: i32, segments: i32, scratch: usize): void {
  const bytes = (<usize>size) << 2;
  if (rows / CROWDED < segments) {
    const from = (<usize>shareFrom(size, LINE)) << 2;
    const own = ((<usize>shareTo(size, LINE)) << 2) - from;
    if (own == 0) return;
    if (own == bytes) memory.fill(out, 0, bytes * <usize>segments);
    else {
      for (let s: usize = 0; s < <usize>segments; s++) memory.fill(out + s * bytes + from, 0, own);
    }
    addRows(x + from, ids, out + from, rows, bytes, own, segments);
    return;
  }
  if (place() != 0) return;
  // Few segments: blocks of rows in float32, their sums in float64.
  const totals = (scratch + 15) & ~15;
  const count = <usize>segments * <usize>size;
  memory.fill(totals, 0, count << 3);
  for (let r = 0; r < rows;) {
    const block = min(CROWDED * segments, rows - r);
    memory.fill(out, 0, count << 2);
    addRows(x, ids, out, block, bytes, bytes, segments);
    for (let i: usize = 0; i < count; i++) store<f64>(totals + (i << 3), load<f64>(totals + (i << 3)) + <f64>load<f32>(out + (i << 2)));
    x += bytes * <usize>block;
    ids += (<usize>block) << 2;
    r += block;
  }
  for (let i: usize = 0; i < count; i++) store<f32>(out + (i << 2), <f32>load<f64>(totals + (i << 3)));
}

/** Adds the first `own` bytes of rows of `bytes`. */
function addRows(x: usize, ids: usize, out: usize, rows: i32, bytes: usize, own: usize, segments: i32): void {
  for (let i = 0; i < rows; i++) {
    const id = load<u32>(ids + ((<usize>i) << 2));
    if (id < (segments as u32)) {
      const to = out + <usize>id * bytes;
      let j: usize = 0;
      for (; j + 16 <= own; j += 16) v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(x + j)));
      for (; j < own; j += 4) store<f32>(to + j, load<f32>(to + j) + load<f32>(x + j));
    }
    x += bytes;
  }
}

/** The same for int32. */
export function segmentSumInt(x: usize, ids: usize, out: usize, rows: i32, size: i32, segments: i32): void {
  const bytes = (<usize>size) << 2;
  memory.fill(out, 0, bytes * <usize>segments);
  for (let i = 0; i < rows; i++) {
    const id = load<u32>(ids + ((<usize>i) << 2));
    if (id < (segments as u32)) {
      const to = out + <usize>id * bytes;
      for (let j: usize = 0; j < bytes; j += 4) store<i32>(to + j, load<i32>(to + j) + load<i32>(x + j));
    }
    x += bytes;
  }
}

export function fillZero(to: usize, bytes: usize): void {
  memory.fill(to, 0, bytes);
}
