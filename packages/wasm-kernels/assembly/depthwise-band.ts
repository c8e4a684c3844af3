// A band: some rows and some channels of one image, widened by zeros where the window reaches over the edge, each channel repeated `multiplier`
// times. Windows on a band need no check of the borders, all channel multipliers look like 1, and few pages of memory are in use at a time.
import { align, bytes } from './taps';

/** Rows of a band are as many as fit here: half of a second-level cache. */
const BAND_BYTES: usize = 256 << 10;
/** Channels of a band. */
const BAND_CHANNELS: i32 = 128;

/** Source channels per band: whole multipliers. */
export function bandChannels(channels: i32, multiplier: i32): i32 {
  return min(channels, max(1, BAND_CHANNELS / multiplier));
}

/** Bytes from pixel to pixel: no large power of two, whose multiples would fall on the same lines of the cache. */
export function bandPixel(channels: i32): usize {
  const size = bytes(channels);
  return (size & 255) == 0 ? size + 64 : size;
}

/** Output rows per band, when the windows of one output row span `reach` rows and the next one starts `step` rows below. */
export function bandRows(rowBytes: usize, reach: i32, step: i32): i32 {
  const fit = <i32>min(BAND_BYTES / max(rowBytes, 1), 1 << 16);
  return fit <= reach ? 1 : (fit - reach) / max(step, 1) + 1;
}

/** Bytes of a band of `rows` rows. */
export function bandBytes(rowBytes: usize, rows: i32): usize {
  return align(rowBytes * <usize>rows) + 64;
}

/**
 * Copies rows low..high of an image [height, width] to `to`: `channels` of its channels (pixels are `step` bytes apart), in rows of `columns` pixels
 * whose first is image column -left. Rows and columns outside the image become zeros.
 */
export function copyBand(
  image: usize,
  step: usize,
  height: i32,
  width: i32,
  channels: i32,
  multiplier: i32,
  low: i32,
  high: i32,
  left: i32,
  columns: i32,
  to: usize,
): void {
  const pixel = bandPixel(channels * multiplier);
  const from = min(max(left, 0), columns);
  const until = max(from, min(columns, left + width));
  const before = <usize>from * pixel;
  const after = <usize>(columns - until) * pixel;
  const count = until - from;
  for (let row = low; row < high; row++) {
    if ((row as u32) >= (height as u32)) {
      memory.fill(to, 0, <usize>columns * pixel);
      to += <usize>columns * pixel;
      continue;
    }
    memory.fill(to, 0, before);
    to += before;
    const first = image + (<usize>row * <usize>width + <usize>(from - left)) * step;
    if (multiplier != 1) repeatPixels(first, step, channels, multiplier, to, pixel, count);
    else if (pixel == step) memory.copy(to, first, <usize>count * step);
    else copyPixels(first, step, bytes(channels), to, pixel, count);
    to += <usize>count * pixel;
    memory.fill(to, 0, after);
    to += after;
  }
}

/** Bytes of the weights of all parts as `packWeights` leaves them. */
export function packedBytes(channels: i32, multiplier: i32, taps: i32): usize {
  const part = bandChannels(channels, multiplier);
  const parts = (channels + part - 1) / part;
  return align(<usize>taps * bandPixel(part * multiplier) * <usize>parts) + 64;
}

/** Weights [taps, channels * multiplier] part by part, taps spaced like the pixels of a band. */
export function packWeights(w: usize, channels: i32, multiplier: i32, taps: i32, to: usize): void {
  const part = bandChannels(channels, multiplier);
  const step = bytes(channels * multiplier);
  for (let c = 0; c < channels; c += part) {
    const wide = min(part, channels - c) * multiplier;
    copyPixels(w + bytes(c * multiplier), step, bytes(wide), to, bandPixel(wide), taps);
    to += <usize>taps * bandPixel(wide);
  }
}

function copyPixels(from: usize, step: usize, size: usize, to: usize, pixel: usize, count: i32): void {
  const vectors = size & ~31;
  for (let p = 0; p < count; p++) {
    let c: usize = 0;
    for (; c < vectors; c += 32) {
      v128.store(to + c, v128.load(from + c, 16), 16);
      v128.store(to + c, v128.load(from + c));
    }
    for (; c < size; c += 4) store<f32>(to + c, load<f32>(from + c));
    from += step;
    to += pixel;
  }
}

function repeatPixels(from: usize, step: usize, channels: i32, multiplier: i32, to: usize, pixel: usize, count: i32): void {
  for (let p = 0; p < count; p++) {
    let at = to;
    for (let c = 0; c < channels; c++) {
      const value = load<f32>(from + bytes(c));
      for (let m = 0; m < multiplier; m++) {
        store<f32>(at, value);
        at += 4;
      }
    }
    from += step;
    to += pixel;
  }
}

/** to[c] = sum over m of from[c, m], for `count` pixels that are `step` bytes apart in `to`. */
export function sumRepeats(from: usize, channels: i32, multiplier: i32, to: usize, step: usize, count: i32): void {
  for (let p = 0; p < count; p++) {
    for (let c = 0; c < channels; c++) {
      let sum: f32 = 0;
      for (let m = 0; m < multiplier; m++) {
        sum += load<f32>(from);
        from += 4;
      }
      store<f32>(to + bytes(c), sum);
    }
    to += step;
  }
}
