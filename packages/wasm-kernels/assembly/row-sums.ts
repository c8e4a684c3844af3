// Sums over the rows of [rows, channels]: at most SUM_ROWS rows in float32, the blocks in float64. Memory is walked in order.
// A team deals out the blocks; their float32 sums are all kept, and then added in the order in which one thread adds them, each member some channels.
import { madd } from './simd';
import { barrier, seats, shareFrom, shareTo, team } from './team';

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

/** Channels of one line of the cache: a team's members take whole ones. */
export const SHARE_CHANNELS: i32 = 16;

/** Bytes of the float32 sums (channels + channels numbers) of the blocks that are kept: one, or all of them for a team. */
export function blockSumBytes(rows: i32, channels: i32): usize {
  const kept = seats == 1 ? 1 : (<usize>rows + <usize>SUM_ROWS - 1) / <usize>SUM_ROWS;
  return kept * ((<usize>channels) << 3);
}

/** Zeros for what one thread carries over block by block. */
export function startTotals(totals: usize, sums: usize, channels: i32): void {
  if (team != 1) return;
  memory.fill(totals, 0, (<usize>channels) << 4);
  memory.fill(sums, 0, (<usize>channels) << 3);
}

/** Where the sums of the block that begins at `row` go. A team's start at 0 here, those of one thread in `fold`. */
export function startBlock(sums: usize, row: i32, channels: i32): usize {
  if (team == 1) return sums;
  const bytes = (<usize>channels) << 3;
  sums += bytes * <usize>(row / SUM_ROWS);
  memory.fill(sums, 0, bytes);
  return sums;
}

/** Ends a block: one thread carries its sums over at once. */
export function endBlock(totals: usize, sums: usize, channels: i32): void {
  if (team == 1) fold(totals, sums, channels << 1);
}

/** After the last block: totals of this member's channels. Call it from every member. */
export function foldBlocks(totals: usize, sums: usize, rows: i32, channels: i32): void {
  if (team == 1) return;
  barrier();
  const from = <usize>shareFrom(channels, SHARE_CHANNELS),
    count = shareTo(channels, SHARE_CHANNELS) - <i32>from;
  for (let half = 0; half < 2; half++) {
    memory.fill(totals + (from << 3), 0, (<usize>count) << 3);
    let block = sums + (from << 2);
    for (let r = 0; r < rows; r += SUM_ROWS) {
      addBlock(totals + (from << 3), block, count);
      block += (<usize>channels) << 3;
    }
    totals += (<usize>channels) << 3;
    sums += (<usize>channels) << 2;
  }
}

/** totals (float64) += `count` sums (float32). */
function addBlock(totals: usize, sums: usize, count: i32): void {
  const end = sums + ((<usize>count) << 2);
  for (; sums + 8 <= end; sums += 8) {
    v128.store(totals, f64x2.add(v128.load(totals), f64x2.promote_low_f32x4(v128.load64_zero(sums))));
    totals += 16;
  }
  if (sums < end) store<f64>(totals, load<f64>(totals) + <f64>load<f32>(sums));
}

/** Adds the rows' sums of u = x - shift and of u² to `sums` (channels + channels numbers). */
export function addSquares(x: usize, shift: usize, rows: i32, channels: i32, sums: usize): void {
  const bytes = (<usize>channels) << 2;
  const vectors = bytes & ~15;
  const second = sums + bytes;
  for (let r = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 32 <= bytes; c += 32) {
      const u = f32x4.sub(v128.load(x + c), v128.load(shift + c)),
        v = f32x4.sub(v128.load(x + c, 16), v128.load(shift + c, 16));
      const a = f32x4.add(v128.load(sums + c), u),
        b = f32x4.add(v128.load(sums + c, 16), v);
      const p = madd(u, u, v128.load(second + c)),
        q = madd(v, v, v128.load(second + c, 16));
      v128.store(sums + c, b, 16);
      v128.store(sums + c, a);
      v128.store(second + c, q, 16);
      v128.store(second + c, p);
    }
    if (c < vectors) {
      const u = f32x4.sub(v128.load(x + c), v128.load(shift + c));
      v128.store(sums + c, f32x4.add(v128.load(sums + c), u));
      v128.store(second + c, madd(u, u, v128.load(second + c)));
      c += 16;
    }
    for (; c < bytes; c += 4) {
      const u = load<f32>(x + c) - load<f32>(shift + c);
      store<f32>(sums + c, load<f32>(sums + c) + u);
      store<f32>(second + c, load<f32>(second + c) + u * u);
    }
    x += bytes;
  }
}

/** totals (float64, channels + channels) = sums over all rows of x - shift and of its square, by this member alone; `sums`: float32 scratch of that length. */
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
