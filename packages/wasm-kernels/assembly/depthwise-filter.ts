// The filter gradient of the depthwise convolution: sums in registers over a band of rows, then in float64 over bands and images.
import { bandBytes, bandChannels, bandPixel, bandRows, copyBand } from './depthwise-band';
import { filterOne, filterScalar, filterThree } from './depthwise-filter-tiles';
import * as g from './geometry';
import { align, bytes } from './taps';

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

/** Bytes of scratch for `depthwiseFilter` with the geometry set. */
export function depthwiseFilterScratch(): usize {
  const multiplier = g.outChannels / max(g.inChannels, 1);
  const part = bandChannels(g.inChannels, multiplier);
  const pixel = bandPixel(part * multiplier);
  const rowBytes = <usize>columnsSeen() * pixel;
  const rows = rowsOf(rowBytes);
  return 256 + align(totalBytes(part)) + bandBytes(rowBytes, reachOf(rows)) + bandBytes(<usize>g.outWidth * pixel, rows);
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

/** dw from the float64 sums; blocks that were shifted back repeat values of their neighbors. */
function writeFilter(totals: usize, part: i32, multiplier: i32, dw: usize): void {
  const taps = g.filterHeight * g.filterWidth;
  for (let c = 0; c < g.inChannels; c += part) {
    const wide = min(part, g.inChannels - c) * multiplier;
    const step = blockOf(wide);
    for (let b = 0; b < wide; b += step) {
      const first = c * multiplier + min(b, wide - step);
      for (let t = 0; t < taps; t++) {
        const to = dw + bytes(t * g.outChannels + first);
        for (let i = 0; i < step; i++) {
          store<f32>(to + bytes(i), <f32>load<f64>(totals));
          totals += 8;
        }
      }
    }
  }
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function depthwiseFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const multiplier = g.outChannels / g.inChannels;
  const part = bandChannels(g.inChannels, multiplier);
  const across = g.filterWidth;
  const columns = columnsSeen();
  const rows = rowsOf(<usize>columns * bandPixel(part * multiplier));
  const sums = align(scratch);
  const totals = sums + 128;
  const band = totals + align(totalBytes(part));
  const grads = band + bandBytes(<usize>columns * bandPixel(part * multiplier), reachOf(rows));
  const dyStep = bytes(g.outChannels);
  memory.fill(totals, 0, totalBytes(part));
  for (let n = 0; n < g.batch; n++) {
    let own = totals;
    for (let c = 0; c < g.inChannels; c += part) {
      const channels = min(part, g.inChannels - c);
      const wide = channels * multiplier;
      const step = blockOf(wide);
      const pixel = bandPixel(wide);
      const rowBytes = <usize>columns * pixel;
      const xRow = <usize>g.strideHeight * rowBytes;
      const xPixel = <usize>g.strideWidth * pixel;
      const tap = <usize>g.dilationWidth * pixel;
      const dyRow = <usize>g.outWidth * pixel;
      let total = own;
      for (let row = 0; row < g.outHeight; row += rows) {
        const count = min(rows, g.outHeight - row);
        const low = row * g.strideHeight - g.padTop;
        copyBand(
          x + bytes(c),
          bytes(g.inChannels),
          g.inHeight,
          g.inWidth,
          channels,
          multiplier,
          low,
          low + reachOf(count),
          g.padLeft,
          columns,
          band,
        );
        copyBand(dy + bytes(c * multiplier), dyStep, g.outHeight, g.outWidth, wide, 1, row, row + count, 0, g.outWidth, grads);
        total = own;
        for (let b = 0; b < wide; b += step) {
          const first = bytes(min(b, wide - step));
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
      own = total;
    }
    x += <usize>g.inHeight * <usize>g.inWidth * bytes(g.inChannels);
    dy += <usize>g.outHeight * <usize>g.outWidth * dyStep;
  }
  writeFilter(totals, part, multiplier, dw);
}
