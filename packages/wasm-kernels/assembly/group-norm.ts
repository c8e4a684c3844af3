// Group normalization of [samples, pixels, channels]: each sample and group of neighboring channels has its own mean and biased variance.
// A sample at a time, so that the second pass finds it in the cache; the passes over pixels are those of batch normalization.
import { normaliseRows } from './norm';
import { spreadRows, totalGradients } from './norm-grad';
import { totalSquares } from './row-sums';
import { barrier, LINE, place, seats, shareFrom, shareTo, team } from './team';

/** Bytes of scratch for either direction: for each member and channel four float64 and six float32 numbers; a team's gradient sums of each sample. */
export function groupNormScratch(samples: i32, channels: i32): usize {
  return <usize>seats * ownBytes(channels) + (seats == 1 ? 0 : <usize>samples * ((<usize>channels) << 4));
}

function ownBytes(channels: i32): usize {
  return <usize>channels * 56 + 256;
}

/** y, and mean and variance [samples, groups], of x. */
export function groupNorm(
  x: usize,
  scale: usize,
  offset: usize,
  y: usize,
  mean: usize,
  variance: usize,
  samples: i32,
  pixels: i32,
  channels: i32,
  groups: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const totals = (scratch + <usize>place() * ownBytes(channels) + 15) & ~15;
  const sums = totals + (bytes << 2);
  const means = sums + (bytes << 1);
  const factor = means + bytes;
  const width = channels / groups;
  const n = <f64>pixels;
  const start = shareFrom(samples, 1),
    stop = shareTo(samples, 1);
  const skipped = bytes * <usize>pixels * <usize>start;
  x += skipped;
  y += skipped;
  mean += (<usize>groups * <usize>start) << 2;
  variance += (<usize>groups * <usize>start) << 2;
  for (let s = start; s < stop; s++) {
    totalSquares(x, x, pixels, channels, totals, sums);
    for (let g = 0; g < groups; g++) {
      const from = g * width,
        to = from + width;
      // The channels' moments around their first pixels, then the group's from those: no cancellation.
      let m: f64 = 0;
      for (let c: usize = from; c < <usize>to; c++) m += <f64>load<f32>(x + (c << 2)) + load<f64>(totals + (c << 3)) / n;
      m /= <f64>width;
      let v: f64 = 0;
      for (let c: usize = from; c < <usize>to; c++) {
        const first = load<f64>(totals + (c << 3)) / n;
        const second = load<f64>(totals + ((c + <usize>channels) << 3)) / n;
        const apart = <f64>load<f32>(x + (c << 2)) + first - m;
        v += max(second - first * first, 0.0) + apart * apart;
      }
      v /= <f64>width;
      store<f32>(mean, <f32>m);
      store<f32>(variance, <f32>v);
      const inverse = 1 / Math.sqrt(v + epsilon);
      for (let c: usize = from; c < <usize>to; c++) {
        store<f32>(means + (c << 2), <f32>m);
        store<f32>(factor + (c << 2), <f32>(<f64>load<f32>(scale + (c << 2)) * inverse));
      }
      mean += 4;
      variance += 4;
    }
    normaliseRows(x, means, factor, offset, y, pixels, bytes, -Infinity);
    x += bytes * <usize>pixels;
    y += bytes * <usize>pixels;
  }
}

/** dx, dScale and dOffset of groupNorm from dy and what the forward pass saw. */
export function groupNormGrad(
  dy: usize,
  x: usize,
  mean: usize,
  variance: usize,
  scale: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  samples: i32,
  pixels: i32,
  channels: i32,
  groups: i32,
  epsilon: f64,
  scratch: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const totals = (scratch + <usize>place() * ownBytes(channels) + 15) & ~15;
  const inAll = totals + (bytes << 2); // float64 [channels] for the scale, then for the offset
  const sums = inAll + (bytes << 2);
  const means = sums + (bytes << 1);
  const factor = means + bytes;
  const forX = factor + bytes;
  const constant = forX + bytes;
  const width = channels / groups;
  // One thread adds sample after sample; a team keeps the sums of each and adds them in the same order.
  const kept = (scratch + <usize>seats * ownBytes(channels)) & ~15;
  const start = shareFrom(samples, 1),
    stop = shareTo(samples, 1);
  const skipped = bytes * <usize>pixels * <usize>start;
  dy += skipped;
  x += skipped;
  dx += skipped;
  mean += (<usize>groups * <usize>start) << 2;
  variance += (<usize>groups * <usize>start) << 2;
  memory.fill(inAll, 0, bytes << 2);
  for (let s = start; s < stop; s++) {
    const forScale = team == 1 ? inAll : kept + <usize>s * (bytes << 2);
    const forOffset = forScale + (bytes << 1);
    if (team != 1) memory.fill(forScale, 0, bytes << 2);
    for (let c = 0; c < channels; c++) store<f32>(means + ((<usize>c) << 2), load<f32>(mean + ((<usize>(c / width)) << 2)));
    totalGradients(dy, x, means, pixels, channels, totals, sums);
    for (let g = 0; g < groups; g++) {
      const from = g * width,
        to = from + width;
      const inverse = 1 / Math.sqrt(<f64>load<f32>(variance) + epsilon);
      let a: f64 = 0,
        b: f64 = 0;
      for (let c: usize = from; c < <usize>to; c++) {
        const sum = load<f64>(totals + (c << 3));
        const product = load<f64>(totals + ((c + <usize>channels) << 3)) * inverse;
        store<f64>(forOffset + (c << 3), load<f64>(forOffset + (c << 3)) + sum);
        store<f64>(forScale + (c << 3), load<f64>(forScale + (c << 3)) + product);
        a += <f64>load<f32>(scale + (c << 2)) * sum;
        b += <f64>load<f32>(scale + (c << 2)) * product;
      }
      const count = <f64>width * <f64>pixels;
      a = (-a * inverse) / count;
      b = (-b * inverse * inverse) / count;
      for (let c: usize = from; c < <usize>to; c++) {
        store<f32>(factor + (c << 2), <f32>(<f64>load<f32>(scale + (c << 2)) * inverse));
        store<f32>(forX + (c << 2), <f32>b);
        store<f32>(constant + (c << 2), <f32>a);
      }
      variance += 4;
    }
    mean += (<usize>groups) << 2;
    spreadRows(dy, x, dx, means, factor, forX, constant, pixels, bytes);
    const size = bytes * <usize>pixels;
    dy += size;
    x += size;
    dx += size;
  }
  barrier();
  const to = <usize>shareTo(channels, LINE);
  for (let c = <usize>shareFrom(channels, LINE); c < to; c++) {
    let forScale = load<f64>(inAll + (c << 3));
    let forOffset = load<f64>(inAll + (bytes << 1) + (c << 3));
    if (team != 1) {
      forScale = forOffset = 0;
      for (let s = 0; s < samples; s++) {
        const at = kept + <usize>s * (bytes << 2) + (c << 3);
        forScale += load<f64>(at);
        forOffset += load<f64>(at + (bytes << 1));
      }
    }
    store<f32>(dScale + (c << 2), <f32>forScale);
    store<f32>(dOffset + (c << 2), <f32>forOffset);
  }
}
