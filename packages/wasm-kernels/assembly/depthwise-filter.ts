// The filter gradient of the depthwise convolution: sums in registers over a band of rows, then in float64 over bands and images.
import { bandBytes, bandChannels, bandPixel, bandRows, copyBand } from './depthwise-band';
import { filterOne, filterScalar, filterThree } from './depthwise-filter-tiles';
import * as g from './geometry';
import { align, bytes } from './taps';
import { place, seats, shareFrom, shareTo } from './team';

/** Pixels that are summed in float32. */
const SUM_PIXELS: i32 = 512;

function columnsSeen(): i32 {
  return (g.outWidth - 1) * g.strideWidth + (g.filterWidth - 1) * g.dilationWidth + 1;
}

function reachOf(rows: i32): i32 {
  return (rows - 1) * g.strideHeight + (g.filterHeight - 1) * g.dilationHeight + 1;
}

function rowsOf(rowBytes: usize): i32 {
  const precise = max(1, SUM_PIXELS / max(g.outWidth, 1));
  return min(min(bandRows(rowBytes, reachOf(1), g.strideHeight), precise), g.outHeight);
}

function blockOf(channels: i32): i32 {
  return channels >= 8 ? 8 : channels >= 4 ? 4 : 1;
}

/** Bytes of the float64 sums: blocks of channels, each with all taps, in the order in which they are computed. */
function totalBytes(part: i32): usize {
  const parts = (g.inChannels + part - 1) / part;
  return (<usize>(g.filterHeight * g.filterWidth) * <usize>(g.outChannels + 8 * parts)) << 3;
}

/** Bytes of a member: a sum of three taps, and bands of x and dy. */
function ownBytes(rowBytes: usize, rows: i32, pixel: usize): usize {
  return 128 + align(bandBytes(rowBytes, reachOf(rows))) + align(bandBytes(<usize>g.outWidth * pixel, rows));
}

/** Bytes of scratch for `depthwiseFilter` with the geometry set. */
export function depthwiseFilterScratch(): usize {
  const multiplier = g.outChannels / max(g.inChannels, 1);
  const part = bandChannels(g.inChannels, multiplier);
  const rows = rowsOf(<usize>columnsSeen() * bandPixel(part * multiplier));
  const pixel = bytes(part * multiplier) + 64; // the most, whatever a member's share
  const rowBytes = <usize>columnsSeen() * pixel;
  return 256 + align(totalBytes(part)) + <usize>seats * ownBytes(rowBytes, rows, pixel);
}

/** totals += sums for the channels of a block. */
function addTotals(totals: usize, sums: usize, count: i32): void {
  if (count == 1) {
    store<f64>(totals, load<f64>(totals) + <f64>load<f32>(sums));
    return;
  }
  for (let end = sums + bytes(count); sums < end; sums += 8) {
    const pair = f64x2.promote_low_f32x4(v128.load64_zero(sums));
    v128.store(totals, f64x2.add(v128.load(totals), pair));
    totals += 16;
  }
}

/** dw from the float64 sums of this member's blocks; one that was shifted back repeats values of its neighbor. */
function writeFilter(totals: usize, part: i32, multiplier: i32, dw: usize): void {
  const taps = g.filterHeight * g.filterWidth;
  for (let c = 0; c < g.inChannels; c += part) {
    const wide = min(part, g.inChannels - c) * multiplier;
    const step = blockOf(wide);
    const last = shareTo(wide, shareUnit(step, wide, multiplier));
    for (let b = shareFrom(wide, shareUnit(step, wide, multiplier)); b < last; b += step) {
      const first = c * multiplier + min(b, wide - step);
      let from = totals + <usize>(b * taps) * 8;
      for (let t = 0; t < taps; t++) {
        const to = dw + bytes(t * g.outChannels + first);
        for (let i = 0; i < step; i++) {
          store<f32>(to + bytes(i), <f32>load<f64>(from));
          from += 8;
        }
      }
    }
    totals += <usize>(((wide + step - 1) / step) * step * taps) * 8;
  }
}

/** Members share the blocks of channels; where channels are repeated, one has them all. */
function shareUnit(step: i32, wide: i32, multiplier: i32): i32 {
  return multiplier == 1 ? step : wide;
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function depthwiseFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const multiplier = g.outChannels / g.inChannels;
  const part = bandChannels(g.inChannels, multiplier);
  const across = g.filterWidth;
  const taps = g.filterHeight * across;
  const columns = columnsSeen();
  // Bands have so many rows whatever a member's share: sums are cut at the same places.
  const rows = rowsOf(<usize>columns * bandPixel(part * multiplier));
  const most = bytes(part * multiplier) + 64;
  const totals = align(scratch);
  const sums = totals + align(totalBytes(part)) + <usize>place() * ownBytes(<usize>columns * most, rows, most);
  const band = sums + 128;
  const grads = band + align(bandBytes(<usize>columns * most, reachOf(rows)));
  const dyStep = bytes(g.outChannels);
  for (let n = 0; n < g.batch; n++) {
    let own = totals;
    for (let c = 0; c < g.inChannels; c += part) {
      const wide = min(part, g.inChannels - c) * multiplier;
      const step = blockOf(wide);
      const unit = shareUnit(step, wide, multiplier);
      const b0 = shareFrom(wide, unit),
        b1 = shareTo(wide, unit);
      const lead = min(b0, wide - step); // this member's first channel, and how many it has
      const span = b1 - lead;
      const pixel = bandPixel(span);
      const rowBytes = <usize>columns * pixel;
      const xRow = <usize>g.strideHeight * rowBytes;
      const xPixel = <usize>g.strideWidth * pixel;
      const tap = <usize>g.dilationWidth * pixel;
      const dyRow = <usize>g.outWidth * pixel;
      const start = own + <usize>(b0 * taps) * 8;
      if (n == 0 && b0 < b1) memory.fill(start, 0, <usize>(((b1 - b0 + step - 1) / step) * step * taps) * 8);
      for (let row = 0; row < g.outHeight && b0 < b1; row += rows) {
        const count = min(rows, g.outHeight - row);
        const low = row * g.strideHeight - g.padTop;
        const high = low + reachOf(count);
        const image = x + bytes(c + lead);
        const channels = span / multiplier;
        copyBand(image, bytes(g.inChannels), g.inHeight, g.inWidth, channels, multiplier, low, high, g.padLeft, columns, band);
        const gradient = dy + bytes(c * multiplier + lead);
        copyBand(gradient, dyStep, g.outHeight, g.outWidth, span, 1, row, row + count, 0, g.outWidth, grads);
        let total = start;
        for (let b = b0; b < b1; b += step) {
          const first = bytes(min(b, wide - step) - lead);
          const d = grads + first;
          for (let i = 0; i < g.filterHeight; i++) {
            const from = band + <usize>(i * g.dilationHeight) * rowBytes + first;
            for (let j = 0; j < across;) {
              if (step == 8 && across >= 3) {
                // The last three taps may repeat some that have been summed.
                const at = min(j, across - 3);
                filterThree(from + <usize>at * tap, xRow, xPixel, tap, d, dyRow, pixel, count, g.outWidth, sums);
                for (; j < at + 3; j++) {
                  addTotals(total, sums + ((<usize>(j - at)) << 5), 8);
                  total += 64;
                }
              } else {
                const source = from + <usize>j * tap;
                if (step > 1) filterOne(source, xRow, xPixel, d, dyRow, pixel, count, g.outWidth, sums, step == 8);
                else filterScalar(source, xRow, xPixel, d, dyRow, pixel, count, g.outWidth, sums);
                addTotals(total, sums, step);
                total += (<usize>step) << 3;
                j++;
              }
            }
          }
        }
      }
      own += <usize>(((wide + step - 1) / step) * step * taps) * 8;
    }
    x += <usize>g.inHeight * <usize>g.inWidth * bytes(g.inChannels);
    dy += <usize>g.outHeight * <usize>g.outWidth * dyStep;
  }
  if (g.batch == 0) memory.fill(totals, 0, totalBytes(part));
  writeFilter(totals, part, multiplier, dw);
}
