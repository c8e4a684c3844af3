// The input gradient of the depthwise convolution. A pixel at `at` sees the taps t with (at + pad - t * dilation) divisible by the stride, at that
// quotient of dy. Such taps are `tapsDown` (or `tapsRight`) apart and their places in dy are evenly spaced: a window on a band of dy.
import { bandBytes, bandChannels, bandPixel, bandRows, copyBand, packedBytes, packWeights, sumRepeats } from './depthwise-band';
import { setWindowSteps, tileRow } from './depthwise';
import * as g from './geometry';
import { align, bytes } from './taps';
import { place, seats, shareFrom, shareTo } from './team';

function gcd(a: i32, b: i32): i32 {
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** The first tap that a pixel sees, or `count` where it sees none. */
function firstTap(at: i32, pad: i32, stride: i32, dilation: i32, count: i32): i32 {
  let t = 0;
  while (t < count && (at + pad - t * dilation) % stride != 0) t++;
  return t;
}

function floorDivide(a: i32, b: i32): i32 {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/** The first column of dy that some pixel of a row may see. */
function firstColumn(): i32 {
  return floorDivide(g.padLeft - (g.filterWidth - 1) * g.dilationWidth, g.strideWidth);
}

/** Columns of dy that some pixel of a row may see. */
function inputColumns(): i32 {
  return floorDivide(g.inWidth - 1 + g.padLeft, g.strideWidth) - firstColumn() + 1;
}

/** Rows of dy that `rows` rows of dx may see, at most. */
function inputReach(rows: i32): i32 {
  return (rows - 1 + (g.filterHeight - 1) * g.dilationHeight) / g.strideHeight + 2;
}

function inputRows(rowBytes: usize): i32 {
  return min(g.inHeight, bandRows(rowBytes, inputReach(1), 1) * g.strideHeight);
}

/** Bytes of scratch for `depthwiseInput` with the geometry set. */
export function depthwiseInputScratch(): usize {
  return <usize>seats * ownBytes();
}

function ownBytes(): usize {
  const multiplier = g.outChannels / max(g.inChannels, 1);
  const wide = bandChannels(g.inChannels, multiplier) * multiplier;
  const rowBytes = <usize>inputColumns() * bandPixel(wide);
  const packed = packedBytes(g.inChannels, multiplier, g.filterHeight * g.filterWidth);
  return packed + bandBytes(rowBytes, inputReach(inputRows(rowBytes))) + <usize>g.inWidth * bytes(wide) + 192;
}

/** dx from dy and w. */
export function depthwiseInput(dy: usize, w: usize, dx: usize, scratch: usize): void {
  const multiplier = g.outChannels / g.inChannels;
  const part = bandChannels(g.inChannels, multiplier);
  const columns = inputColumns();
  const widest = <usize>columns * bandPixel(part * multiplier);
  const rows = inputRows(widest);
  const window = g.filterHeight * g.filterWidth;
  const packed = align(scratch + <usize>place() * ownBytes());
  const band = packed + packedBytes(g.inChannels, multiplier, window);
  const sums = band + bandBytes(widest, inputReach(rows));
  const left = firstColumn();
  const tapsDown = g.strideHeight / gcd(g.strideHeight, g.dilationHeight);
  const tapsRight = g.strideWidth / gcd(g.strideWidth, g.dilationWidth);
  const tapBytes = bytes(g.outChannels);
  const dxPixel = bytes(g.inChannels);
  packWeights(w, g.inChannels, multiplier, window, packed);
  const first = shareFrom(g.batch, 1),
    last = shareTo(g.batch, 1);
  dy += <usize>first * <usize>g.outHeight * <usize>g.outWidth * tapBytes;
  dx += <usize>first * <usize>g.inHeight * <usize>g.inWidth * dxPixel;
  for (let n = first; n < last; n++) {
    let own = packed;
    for (let c = 0; c < g.inChannels; c += part) {
      const channels = min(part, g.inChannels - c);
      const wide = channels * multiplier;
      const pixel = bandPixel(wide);
      const rowBytes = <usize>columns * pixel;
      const shift = bytes(c * multiplier);
      // With a multiplier, a row of dx is computed once for each and then summed.
      const step = multiplier == 1 ? dxPixel : bytes(wide);
      const fall = <usize>((g.dilationHeight * tapsDown) / g.strideHeight) * rowBytes;
      const shrink = <usize>((g.dilationWidth * tapsRight) / g.strideWidth) * pixel;
      const across = <usize>(tapsDown * g.filterWidth) * pixel;
      setWindowSteps(0 - fall, 0 - shrink, across, <usize>tapsRight * pixel, pixel, <usize>g.strideWidth * step);
      for (let from = 0; from < g.inHeight; from += rows) {
        const until = min(from + rows, g.inHeight);
        const low = floorDivide(from + g.padTop - (g.filterHeight - 1) * g.dilationHeight, g.strideHeight);
        const high = floorDivide(until - 1 + g.padTop, g.strideHeight) + 1;
        copyBand(dy + shift, tapBytes, g.outHeight, g.outWidth, wide, 1, low, high, -left, columns, band);
        for (let row = from; row < until; row++) {
          const t = firstTap(row, g.padTop, g.strideHeight, g.dilationHeight, g.filterHeight);
          const down = (g.filterHeight - t + tapsDown - 1) / tapsDown;
          const source = band + <usize>((row + g.padTop - t * g.dilationHeight) / g.strideHeight - low) * rowBytes;
          const target = dx + <usize>row * <usize>g.inWidth * dxPixel + bytes(c);
          const out = multiplier == 1 ? target : sums;
          for (let column = 0; column < g.strideWidth && column < g.inWidth; column++) {
            const u = firstTap(column, g.padLeft, g.strideWidth, g.dilationWidth, g.filterWidth);
            const right = (g.filterWidth - u + tapsRight - 1) / tapsRight;
            const at = source + <usize>((column + g.padLeft - u * g.dilationWidth) / g.strideWidth - left) * pixel;
            const weights = own + <usize>(t * g.filterWidth + u) * pixel;
            const count = (g.inWidth - column + g.strideWidth - 1) / g.strideWidth;
            tileRow(at, weights, 0, out + <usize>column * step, count, wide, 0, down, right);
          }
          if (multiplier != 1) sumRepeats(sums, channels, multiplier, target, dxPixel, g.inWidth);
        }
      }
      own += <usize>window * pixel;
    }
    dy += <usize>g.outHeight * <usize>g.outWidth * tapBytes;
    dx += <usize>g.inHeight * <usize>g.inWidth * dxPixel;
  }
}
