// Dropout with a mask that is drawn on the way: half-word i of a Threefry stream, the low half of a word first, decides over number i.
import { ZERO } from './constant';
import { loadTail, storeTail } from './tail';
import { LINE, shareFrom, shareTo } from './team';

/** x1 of a round: rotated left by `by`, and mixed with the new x0. */
// @inline
function mix(x0: v128, x1: v128, by: i32): v128 {
  return v128.xor(v128.or(i32x4.shl(x1, by), i32x4.shr_u(x1, 32 - by)), x0);
}

/** y = x * factor where the half-word reaches `threshold`, and x * 0 elsewhere, for the vector whose lanes `keep` says. */
// @inline
function thin(x: usize, y: usize, left: i32, keep: v128, factor: v128): void {
  const weight = v128.and(keep, factor);
  if (left >= 4) v128.store(y, f32x4.mul(v128.load(x), weight));
  else if (left > 0) storeTail(y, f32x4.mul(loadTail(x, left, ZERO), weight), left);
}

/**
 * Threefry-2x32 with 20 rounds (Salmon et al., SC 2011) under (key0, key1), counters (first, 0), (first + 1, 0), …: four blocks at a time give sixteen
 * half-words. The same numbers as drawBits of @selfsup/core.
 */
export function dropout(x: usize, y: usize, count: i32, key0: i32, key1: i32, first: i32, threshold: i32, scale: f32): void {
  const own = shareFrom(count, LINE),
    skip = (<usize>own) << 2;
  count = shareTo(count, LINE) - own;
  x += skip;
  y += skip;
  const k0 = i32x4.splat(key0),
    k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(0x1bd11bda ^ key0 ^ key1);
  // an injection adds the next key and its number
  const k21 = i32x4.add(k2, i32x4.splat(1)),
    k02 = i32x4.add(k0, i32x4.splat(2)),
    k13 = i32x4.add(k1, i32x4.splat(3)),
    k24 = i32x4.add(k2, i32x4.splat(4)),
    k05 = i32x4.add(k0, i32x4.splat(5));
  const limit = i16x8.splat(<i16>threshold);
  const factor = f32x4.splat(scale);
  const step = i32x4.splat(4);
  let start = i32x4.add(i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(first + (own >> 2))), k0);
  for (let left = count; left > 0; left -= 16) {
    let x0 = i32x4.add(start, k1),
      x1 = mix(x0, k1, 13);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 15);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 26);
    x0 = i32x4.add(x0, x1);
    x1 = i32x4.add(mix(x0, x1, 6), k21);
    x0 = i32x4.add(i32x4.add(x0, k1), x1);
    x1 = mix(x0, x1, 17);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 29);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 16);
    x0 = i32x4.add(x0, x1);
    x1 = i32x4.add(mix(x0, x1, 24), k02);
    x0 = i32x4.add(i32x4.add(x0, k2), x1);
    x1 = mix(x0, x1, 13);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 15);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 26);
    x0 = i32x4.add(x0, x1);
    x1 = i32x4.add(mix(x0, x1, 6), k13);
    x0 = i32x4.add(i32x4.add(x0, k0), x1);
    x1 = mix(x0, x1, 17);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 29);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 16);
    x0 = i32x4.add(x0, x1);
    x1 = i32x4.add(mix(x0, x1, 24), k24);
    x0 = i32x4.add(i32x4.add(x0, k1), x1);
    x1 = mix(x0, x1, 13);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 15);
    x0 = i32x4.add(x0, x1);
    x1 = mix(x0, x1, 26);
    x0 = i32x4.add(x0, x1);
    x1 = i32x4.add(mix(x0, x1, 6), k05);
    x0 = i32x4.add(x0, k2);
    start = i32x4.add(start, step);
    // block b holds words 2b and 2b + 1, a word two half-words
    const low = i16x8.ge_u(v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), limit),
      high = i16x8.ge_u(v128.shuffle<i32>(x0, x1, 2, 6, 3, 7), limit);
    thin(x, y, left, i32x4.extend_low_i16x8_s(low), factor);
    thin(x + 16, y + 16, left - 4, i32x4.extend_high_i16x8_s(low), factor);
    thin(x + 32, y + 32, left - 8, i32x4.extend_low_i16x8_s(high), factor);
    thin(x + 48, y + 48, left - 12, i32x4.extend_high_i16x8_s(high), factor);
    x += 64;
    y += 64;
  }
}
