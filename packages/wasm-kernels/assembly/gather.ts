// Gather along one axis, and its adjoint, the sum over segments.

import { barrier, LINE, shareFrom, shareTo } from './team';

/** Members share the slices. out[b, o, i, :] = x[b, o, indices[b, i], :]; slices of `sliceBytes`. Returns the place of the first index outside [0, dim), or -1. */
export function gather(x: usize, indices: usize, out: usize, batches: i32, outer: i32, dim: i32, count: i32, sliceBytes: usize): i32 {
  const all = batches * count;
  for (let i = 0; i < all; i++) {
    if (load<u32>(indices + ((<usize>i) << 2)) >= (dim as u32)) return i;
  }
  const rows = batches * outer * count;
  const unit = sliceBytes < 64 ? LINE : 1; // members do not write into one line of the cache
  const end = shareTo(rows, unit);
  for (let r = shareFrom(rows, unit); r < end;) {
    const block = r / count;
    const first = r - block * count;
    const stop = min(count, first + end - r);
    const slab = x + <usize>block * <usize>dim * sliceBytes;
    const row = indices + ((<usize>((block / outer) * count)) << 2);
    let to = out + <usize>r * sliceBytes;
    for (let i = first; i < stop; i++) {
      const from = slab + <usize>load<i32>(row + ((<usize>i) << 2)) * sliceBytes;
      if (sliceBytes == 4) store<u32>(to, load<u32>(from));
      else memory.copy(to, from, sliceBytes);
      to += sliceBytes;
    }
    r += stop - first;
  }
  return -1;
}

/** Rows for each segment from which on their float32 sums are carried over into float64 from time to time. */
const CROWDED: i32 = 64;

/** Bytes of scratch of segmentSum. */
export function segmentSumScratch(rows: i32, size: i32, segments: i32): usize {
  return rows / CROWDED < segments ? 0 : ((<usize>segments * <usize>size) << 3) + 16;
}

/** Members share the columns. out[ids[i], :] += x[i, :] for rows of `size` float32; ids outside [0, segments) are dropped. */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, size: i32, segments: i32, scratch: usize): void {
  const bytes = (<usize>size) << 2;
  const from = (<usize>shareFrom(size, LINE)) << 2;
  const own = ((<usize>shareTo(size, LINE)) << 2) - from;
  if (rows / CROWDED < segments) {
    // in one piece, segment by segment: many short pieces cost more than what they clear
    const first = shareFrom(segments, 1);
    memory.fill(out + <usize>first * bytes, 0, <usize>(shareTo(segments, 1) - first) * bytes);
    barrier();
    if (own != 0) addRows(x + from, ids, out + from, rows, bytes, own, segments);
    return;
  }
  if (own == 0) return;
  x += from;
  out += from;
  // Few segments: blocks of rows in float32, their sums in float64.
  const totals = ((scratch + 15) & ~15) + (from << 1);
  for (let s: usize = 0; s < <usize>segments; s++) memory.fill(totals + ((s * bytes) << 1), 0, own << 1);
  for (let r = 0; r < rows;) {
    const block = min(CROWDED * segments, rows - r);
    clear(out, segments, bytes, own);
    addRows(x, ids, out, block, bytes, own, segments);
    for (let s: usize = 0; s < <usize>segments; s++) {
      const to = totals + ((s * bytes) << 1);
      const sums = out + s * bytes;
      for (let i: usize = 0; i < own; i += 4) store<f64>(to + (i << 1), load<f64>(to + (i << 1)) + <f64>load<f32>(sums + i));
    }
    x += bytes * <usize>block;
    ids += (<usize>block) << 2;
    r += block;
  }
  for (let s: usize = 0; s < <usize>segments; s++) {
    const sums = totals + ((s * bytes) << 1);
    for (let i: usize = 0; i < own; i += 4) store<f32>(out + s * bytes + i, <f32>load<f64>(sums + (i << 1)));
  }
}

/** Zeros in the first `own` bytes of rows of `bytes`. */
function clear(out: usize, rows: i32, bytes: usize, own: usize): void {
  if (own == bytes) memory.fill(out, 0, bytes * <usize>rows);
  else {
    for (let r: usize = 0; r < <usize>rows; r++) memory.fill(out + r * bytes, 0, own);
  }
}

/** Adds the first `own` bytes of rows of `bytes`. */
function addRows(x: usize, ids: usize, out: usize, rows: i32, bytes: usize, own: usize, segments: i32): void {
  for (let i = 0; i < rows; i++) {
    const id = load<u32>(ids + ((<usize>i) << 2));
    if (id < (segments as u32)) {
      const to = out + <usize>id * bytes;
      let j: usize = 0;
      for (; j + 32 <= own; j += 32) {
        const t = v128.load(to + j),
          tn = v128.load(to + j, 16);
        const v = v128.load(x + j),
          vn = v128.load(x + j, 16);
        v128.store(to + j, f32x4.add(tn, vn), 16);
        v128.store(to + j, f32x4.add(t, v));
      }
      for (; j + 16 <= own; j += 16) v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(x + j)));
      for (; j < own; j += 4) store<f32>(to + j, load<f32>(to + j) + load<f32>(x + j));
    }
    x += bytes;
  }
}

/** The same for int32. */
export function segmentSumInt(x: usize, ids: usize, out: usize, rows: i32, size: i32, segments: i32): void {
  const bytes = (<usize>size) << 2;
  const from = (<usize>shareFrom(size, LINE)) << 2;
  const own = ((<usize>shareTo(size, LINE)) << 2) - from;
  if (own == 0) return;
  x += from;
  out += from;
  clear(out, segments, bytes, own);
  for (let i = 0; i < rows; i++) {
    const id = load<u32>(ids + ((<usize>i) << 2));
    if (id < (segments as u32)) {
      const to = out + <usize>id * bytes;
      for (let j: usize = 0; j < own; j += 4) store<i32>(to + j, load<i32>(to + j) + load<i32>(x + j));
    }
    x += bytes;
  }
}

/** Members share lines of the cache. */
export function fillZero(to: usize, bytes: usize): void {
  const lines = <i32>((bytes + 63) >> 6);
  const from = (<usize>shareFrom(lines, 1)) << 6;
  memory.fill(to + from, 0, min(bytes, (<usize>shareTo(lines, 1)) << 6) - from);
}
