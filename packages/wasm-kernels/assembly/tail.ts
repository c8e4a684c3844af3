// The last one to three numbers of a run as a vector, and sums over the lanes of one.

/** Loads `count` (1 to 3) float32 numbers; the lanes after them are those of `rest`. */
export function loadTail(from: usize, count: i32, rest: v128): v128 {
  let v = v128.load32_lane(from, rest, 0);
  if (count > 1) v = v128.load32_lane(from, v, 1, 4);
  if (count > 2) v = v128.load32_lane(from, v, 2, 8);
  return v;
}

/** Stores the first `count` (1 to 3) lanes. */
export function storeTail(to: usize, v: v128, count: i32): void {
  v128.store32_lane(to, v, 0);
  if (count > 1) v128.store32_lane(to, v, 1, 4);
  if (count > 2) v128.store32_lane(to, v, 2, 8);
}

/** The sum of the four lanes in float64. */
export function laneSum(v: v128): f64 {
  const pair = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)));
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** The largest of the four lanes. */
export function laneMax(v: v128): f32 {
  v = f32x4.pmax(v, v128.shuffle<i32>(v, v, 2, 3, 2, 3));
  return f32x4.extract_lane(f32x4.pmax(v, v128.shuffle<i32>(v, v, 1, 1, 1, 1)), 0);
}
