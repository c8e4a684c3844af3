// Cross entropy of rows of logits from integer labels. A negative label means that the row is ignored: loss 0, gradient 0.
import { constant, ZERO } from './constant';
import { expNegative, log } from './exp';
import { expShiftedSumRun, expShiftedTimesRun } from './exp-wide';
import { laneMax, laneSum, loadTail, storeTail } from './tail';
import { place, seats, shareFrom, shareTo } from './team';
import { PANEL } from './tile-shape';

/** Sums run in float32 over at most so many bytes, then in float64. */
const CHUNK: usize = 4096;
/** Bytes of scratch of a member: a pair of vectors, on a line of the cache of its own. */
const CROSS_ENTROPY_SCRATCH: usize = 64;
const NOTHING = constant(-Infinity);

function largestOf(x: usize, columns: i32): f32 {
  const end = x + ((<usize>columns) << 2);
  let a = NOTHING,
    b = NOTHING,
    c = NOTHING,
    d = NOTHING;
  for (; x + 64 <= end; x += 64) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x, 16));
    c = f32x4.pmax(c, v128.load(x, 32));
    d = f32x4.pmax(d, v128.load(x, 48));
  }
  for (; x + 16 <= end; x += 16) a = f32x4.pmax(a, v128.load(x));
  if (x < end) b = f32x4.pmax(b, loadTail(x, <i32>((end - x) >> 2), NOTHING));
  return laneMax(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
}

/** The sum of exp(x - shift). */
function expSum(x: usize, columns: i32, shift: v128, scratch: usize): f64 {
  const end = x + ((<usize>columns) << 2);
  let total: f64 = 0;
  while (x + 16 <= end) {
    const stop = min(x + CHUNK, end);
    let sum = ZERO;
    if (PANEL == 16) {
      sum = expShiftedSumRun(x, stop, scratch, shift, sum);
      x += (stop - x) & ~31;
    }
    for (; x + 16 <= stop; x += 16) sum = f32x4.add(sum, expNegative(f32x4.sub(v128.load(x), shift)));
    total += laneSum(sum);
  }
  if (x < end) total += laneSum(expNegative(f32x4.sub(loadTail(x, <i32>((end - x) >> 2), NOTHING), shift)));
  return total;
}

/** Bytes of scratch of crossEntropy. */
export function crossEntropyScratch(): usize {
  return <usize>seats * CROSS_ENTROPY_SCRATCH;
}

/**
 * losses[i] = log sum exp(logits[i]) - logits[i][labels[i]]. The log-sum-exp of each row is an output too; that of an ignored row is 0.
 * Returns the first row (of this member) whose label is not below `classes`, or -1.
 */
export function crossEntropy(logits: usize, labels: usize, losses: usize, logSumExp: usize, rows: i32, classes: i32, scratch: usize): i32 {
  const bytes = (<usize>classes) << 2;
  const first = shareFrom(rows, 1);
  const last = shareTo(rows, 1);
  const own = scratch + <usize>place() * CROSS_ENTROPY_SCRATCH;
  logits += <usize>first * bytes;
  for (let r = first; r < last; r++) {
    const label = load<i32>(labels + ((<usize>r) << 2));
    if (label >= classes) return r;
    let loss: f64 = 0,
      level: f64 = 0;
    if (label >= 0) {
      const largest = largestOf(logits, classes);
      const tail = log(expSum(logits, classes, f32x4.splat(largest), own));
      // From the maximum first: the loss of a sure prediction keeps its digits however large the logits.
      loss = tail + (<f64>largest - <f64>load<f32>(logits + ((<usize>label) << 2)));
      level = tail + <f64>largest;
    }
    store<f32>(losses + ((<usize>r) << 2), <f32>loss);
    store<f32>(logSumExp + ((<usize>r) << 2), <f32>level);
    logits += bytes;
  }
  return -1;
}

/** dLogits[i] = dy[i] * (softmax(logits[i]) - one-hot(labels[i])), from labels that crossEntropy has accepted. */
export function crossEntropyGrad(dy: usize, logits: usize, labels: usize, logSumExp: usize, dLogits: usize, rows: i32, classes: i32): void {
  const bytes = (<usize>classes) << 2;
  const first = <usize>shareFrom(rows, 1);
  const last = <usize>shareTo(rows, 1);
  logits += first * bytes;
  dLogits += first * bytes;
  for (let r = first; r < last; r++) {
    const label = load<i32>(labels + (r << 2));
    if ((label as u32) < (classes as u32)) {
      const weight = load<f32>(dy + (r << 2));
      const factor = f32x4.splat(weight);
      const shift = f32x4.splat(load<f32>(logSumExp + (r << 2)));
      let c: usize = 0;
      if (PANEL == 16) {
        expShiftedTimesRun(logits, logits + bytes, dLogits, shift, factor);
        c = bytes & ~31;
      }
      for (; c + 16 <= bytes; c += 16) {
        v128.store(dLogits + c, f32x4.mul(expNegative(f32x4.sub(v128.load(logits + c), shift)), factor));
      }
      if (c < bytes) {
        const rest = <i32>((bytes - c) >> 2);
        storeTail(dLogits + c, f32x4.mul(expNegative(f32x4.sub(loadTail(logits + c, rest, ZERO), shift)), factor), rest);
      }
      const at = dLogits + ((<usize>label) << 2);
      store<f32>(at, load<f32>(at) - weight);
    } else {
      memory.fill(dLogits, 0, bytes);
    }
    logits += bytes;
    dLogits += bytes;
  }
}
