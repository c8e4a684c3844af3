// The depthwise convolution: x [n, h, w, c], w [kh, kw, c, m], y [n, oh, ow, c * m].
import { bandBytes, bandChannels, bandPixel, bandRows, copyBand, packedBytes, packWeights } from './depthwise-band';
import { tileFour, tileFourThree, tileOne, tileScalar } from './depthwise-tiles';
import * as g from './geometry';
import { align, bytes } from './taps';
import { place, seats, shareFrom, shareTo } from './team';

/** How a window reaches its source: steps between neighboring taps, and from one pixel of a row to the next. */
let xRow: usize = 0;
let xCol: usize = 0;
let wRow: usize = 0;
let wCol: usize = 0;
let xPixel: usize = 0;
let outPixel: usize = 0;

export function setWindowSteps(row: usize, col: usize, weightRow: usize, weightCol: usize, pixel: usize, target: usize): void {
  xRow = row;
  xCol = col;
  wRow = weightRow;
  wCol = weightCol;
  xPixel = pixel;
  outPixel = target;
}

/** `count` pixels of a row, windows of `taps` x `tapsAcross`; the last tile of pixels, and of channels, is shifted back over what its neighbor has done. */
export function tileRow(
  x: usize,
  w: usize,
  init: usize,
  out: usize,
  count: i32,
  channels: i32,
  act: i32,
  taps: i32,
  tapsAcross: i32,
): void {
  let p = 0;
  if (count >= 4 && channels >= 8) {
    const sliding = tapsAcross == 3 && xCol == xPixel;
    for (; p < count; p += 4) {
      const at = <usize>min(p, count - 4);
      const from = x + at * xPixel;
      const to = out + at * outPixel;
      if (sliding) tileFourThree(from, xPixel, xRow, w, wRow, wCol, taps, init, to, outPixel, act, channels);
      else tileFour(from, xPixel, xRow, xCol, w, wRow, wCol, taps, tapsAcross, init, to, outPixel, act, channels);
    }
    return;
  }
  const step = channels >= 8 ? 8 : channels >= 4 ? 4 : 1;
  for (; p < count; p++) {
    for (let c = 0; c < channels; c += step) {
      const channel = bytes(min(c, channels - step));
      const start: usize = init != 0 ? init + channel : 0;
      const from = x + <usize>p * xPixel + channel;
      const to = out + <usize>p * outPixel + channel;
      if (step > 1) tileOne(from, xRow, xCol, w + channel, wRow, wCol, taps, tapsAcross, start, to, act, step == 8);
      else tileScalar(from, xRow, xCol, w + channel, wRow, wCol, taps, tapsAcross, start, to, act);
    }
  }
}

/** Columns that the windows of one output row see, zeros at the edges included. */
function forwardColumns(): i32 {
  return (g.outWidth - 1) * g.strideWidth + (g.filterWidth - 1) * g.dilationWidth + 1;
}

function forwardReach(): i32 {
  return (g.filterHeight - 1) * g.dilationHeight + 1;
}

/** Bytes of scratch for `depthwiseForward` with the geometry set. */
export function depthwiseForwardScratch(): usize {
  return <usize>seats * ownBytes();
}

function ownBytes(): usize {
  const multiplier = g.outChannels / max(g.inChannels, 1);
  const rowBytes = <usize>forwardColumns() * bandPixel(bandChannels(g.inChannels, multiplier) * multiplier);
  const rows = min(bandRows(rowBytes, forwardReach(), g.strideHeight), g.outHeight);
  const packed = packedBytes(g.inChannels, multiplier, g.filterHeight * g.filterWidth);
  return packed + bandBytes(rowBytes, (rows - 1) * g.strideHeight + forwardReach()) + 128;
}

/** y = act(bias + x * w). */
export function depthwiseForward(x: usize, w: usize, y: usize, bias: usize, act: i32, scratch: usize): void {
  const multiplier = g.outChannels / g.inChannels;
  const part = bandChannels(g.inChannels, multiplier);
  const rows = min(bandRows(<usize>forwardColumns() * bandPixel(part * multiplier), forwardReach(), g.strideHeight), g.outHeight);
  const columns = forwardColumns();
  const window = g.filterHeight * g.filterWidth;
  const packed = align(scratch + <usize>place() * ownBytes());
  const band = packed + packedBytes(g.inChannels, multiplier, window);
  const tapBytes = bytes(g.outChannels);
  packWeights(w, g.inChannels, multiplier, window, packed);
  const yRow = <usize>g.outWidth * tapBytes;
  const first = shareFrom(g.batch, 1),
    last = shareTo(g.batch, 1);
  x += <usize>first * <usize>g.inHeight * <usize>g.inWidth * bytes(g.inChannels);
  y += <usize>first * <usize>g.outHeight * yRow;
  for (let n = first; n < last; n++) {
    let weights = packed;
    for (let c = 0; c < g.inChannels; c += part) {
      const channels = min(part, g.inChannels - c);
      const columnsOut = channels * multiplier;
      const pixel = bandPixel(columnsOut);
      const rowBytes = <usize>columns * pixel;
      const shift = bytes(c * multiplier);
      const across = <usize>g.filterWidth * pixel;
      const next = <usize>g.strideWidth * pixel;
      setWindowSteps(<usize>g.dilationHeight * rowBytes, <usize>g.dilationWidth * pixel, across, pixel, next, tapBytes);
      let out = y + shift;
      for (let from = 0; from < g.outHeight; from += rows) {
        const until = min(from + rows, g.outHeight);
        const low = from * g.strideHeight - g.padTop;
        const high = (until - 1) * g.strideHeight - g.padTop + forwardReach();
        const image = x + bytes(c);
        copyBand(image, bytes(g.inChannels), g.inHeight, g.inWidth, channels, multiplier, low, high, g.padLeft, columns, band);
        for (let row = from; row < until; row++) {
          const source = band + <usize>((row - from) * g.strideHeight) * rowBytes;
          tileRow(source, weights, bias != 0 ? bias + shift : 0, out, g.outWidth, columnsOut, act, g.filterHeight, g.filterWidth);
          out += yRow;
        }
      }
      weights += <usize>window * pixel;
    }
    x += <usize>g.inHeight * <usize>g.inWidth * bytes(g.inChannels);
    y += <usize>g.outHeight * yRow;
  }
}
