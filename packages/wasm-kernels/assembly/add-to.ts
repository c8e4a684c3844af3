import { LINE, shareFrom, shareTo } from './team';

/**
 * to += from for slices of `size` float32 values: `count` of them in each of `batches`, `toStep` and `fromStep` bytes from one to the next, `toBatch` and
 * `fromBatch` from the first of a batch to that of the next. Members share each slice.
 */
export function addTo(
  to: usize,
  from: usize,
  size: i32,
  count: i32,
  toStep: usize,
  fromStep: usize,
  batches: i32,
  toBatch: usize,
  fromBatch: usize,
): void {
  const first = (<usize>shareFrom(size, LINE)) << 2,
    last = (<usize>shareTo(size, LINE)) << 2;
  for (let b = 0; b < batches; b++) {
    for (let i = 0; i < count; i++) {
      add(to + <usize>i * toStep + first, from + <usize>i * fromStep + first, last - first);
    }
    to += toBatch;
    from += fromBatch;
  }
}

function add(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const t = v128.load(to + i),
      tn = v128.load(to + i, 16);
    const v = v128.load(from + i),
      vn = v128.load(from + i, 16);
    v128.store(to + i, f32x4.add(tn, vn), 16);
    v128.store(to + i, f32x4.add(t, v));
  }
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}
