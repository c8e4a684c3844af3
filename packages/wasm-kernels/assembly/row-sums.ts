// Sums over the rows of [rows, channels]: at most SUM_ROWS rows in float32, the blocks in float64. Memory is walked in order.
import { madd } from './simd';

export const SUM_ROWS: i32 = 64;

/** totals (float64) += `count` sums (float32), which start again at 0; an odd count takes one more of both, which the caller has room for. */
export function fold(totals: usize, sums: usize, count: i32): void {
  const end = sums + ((<usize>count) << 2);
  for (; sums < end; sums += 8) {
    const pair = f64x2.promote_low_f32x4(v128.load64_zero(sums));
    v128.store(totals, f64x2.add(v128.load(totals), pair));
    store<u64>(sums, 0);
    totals += 16;
  }
}

/** Adds the rows' sums of u = x - shift and of u² to `sums` (channels + channels numbers). */
function addSquares(x: usize, shift: usize, rows: i32, channels: i32, sums: usize): void {
  const bytes = (<usize>channels) << 2;
  const vectors = bytes & ~15;
  const second = sums + bytes;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const u = f32x4.sub(v128.load(x + c), v128.load(shift + c));
      v128.store(sums + c, f32x4.add(v128.load(sums + c), u));
      v128.store(second + c, madd(u, u, v128.load(second + c)));
    }
    for (; c < bytes; c += 4) {
      const u = load<f32>(x + c) - load<f32>(shift + c);
      store<f32>(sums + c, load<f32>(sums + c) + u);
      store<f32>(second + c, load<f32>(second + c) + u * u);
    }
    x += bytes;
  }
}

/** totals (float64, channels + channels) = sums over all rows of x - shift and of its square; `sums`: float32 scratch of that length. */
export function totalSquares(x: usize, shift: usize, rows: i32, channels: i32, totals: usize, sums: usize): void {
  const bytes = (<usize>channels) << 2;
  memory.fill(totals, 0, bytes << 2);
  memory.fill(sums, 0, bytes << 1);
  for (let r = 0; r < rows; r += SUM_ROWS) {
    const block = min(SUM_ROWS, rows - r);
    addSquares(x, shift, block, channels, sums);
    fold(totals, sums, channels << 1);
    x += bytes * <usize>block;
  }
}
