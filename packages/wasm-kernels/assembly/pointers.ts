// Row pointers of an implicit GEMM: for each tap and each pixel of a grid, where its row of channels lies, or a row of zeros outside.

import * as g from './geometry';

/** A tap: (row offset, column offset, byte offset of its weights), three words. */
export const TAP_BYTES: usize = 12;

/**
 * Fills `tab[t][0..count)` for the grid pixels first..first+count (numbered over [batch, gridHeight, gridWidth]).
 * Grid pixel (i, j) reads source pixel (i * strideH + dh_t, j * strideW + dw_t) of [batch, height, width] rows of `rowBytes`.
 */
export function sourcePointers(
  tab: usize,
  tabStride: usize,
  first: i32,
  count: i32,
  gridHeight: i32,
  gridWidth: i32,
  strideH: i32,
  strideW: i32,
  source: usize,
  height: i32,
  width: i32,
  rowBytes: usize,
  records: usize,
  taps: i32,
  zeros: usize,
): void {
  const imageBytes = <usize>height * <usize>width * rowBytes;
  const step = <usize>strideW * rowBytes;
  for (let t = 0; t < taps; t++) {
    const down = load<i32>(records);
    const right = load<i32>(records, 4);
    let j = first % gridWidth;
    let i = (first / gridWidth) % gridHeight;
    let image = source + <usize>(first / gridWidth / gridHeight) * imageBytes;
    let at = tab;
    for (let p = 0; p < count;) {
      // The pixels of one row of the grid
      const end = min(count, p + gridWidth - j);
      const y = i * strideH + down;
      if ((y as u32) < (height as u32)) {
        let x = j * strideW + right;
        let from = image + <usize>(y * width + x) * rowBytes;
        for (; p < end; p++) {
          store<usize>(at, select<usize>(from, zeros, (x as u32) < (width as u32)));
          x += strideW;
          from += step;
          at += 4;
        }
      } else {
        for (; p < end; p++) {
          store<usize>(at, zeros);
          at += 4;
        }
      }
      j = 0;
      if (++i == gridHeight) {
        i = 0;
        image += imageBytes;
      }
    }
    records += TAP_BYTES;
    tab += tabStride;
  }
}

/** Output rows of the same grid, placed at (i * stepH + fromH, j * stepW + fromW) of [batch, height, width]. */
export function outputPointers(
  tab: usize,
  first: i32,
  count: i32,
  gridHeight: i32,
  gridWidth: i32,
  stepH: i32,
  stepW: i32,
  fromH: i32,
  fromW: i32,
  target: usize,
  height: i32,
  width: i32,
  rowBytes: usize,
): void {
  let j = first % gridWidth;
  let i = (first / gridWidth) % gridHeight;
  let n = first / gridWidth / gridHeight;
  for (let p = 0; p < count; p++) {
    const pixel = (<usize>n * <usize>height + <usize>(i * stepH + fromH)) * <usize>width + <usize>(j * stepW + fromW);
    store<usize>(tab + ((<usize>p) << 2), target + pixel * rowBytes);
    if (++j == gridWidth) {
      j = 0;
      if (++i == gridHeight) {
        i = 0;
        n++;
      }
    }
  }
}

/** Pads a pointer table to `padded` entries. */
export function padPointers(tab: usize, count: i32, padded: i32, value: usize): void {
  for (let p = count; p < padded; p++) store<usize>(tab + ((<usize>p) << 2), value);
}

/**
 * For few channels: copies the rows of all taps side by side (`copyBytes` per pixel) and leaves their pointers in tap 0 of the table,
 * so that one long row replaces many short ones.
 */
export function gatherRows(tab: usize, tabStride: usize, taps: i32, count: i32, rowBytes: usize, copy: usize, copyBytes: usize): void {
  for (let p = 0; p < count; p++) {
    let at = tab + ((<usize>p) << 2);
    let to = copy;
    for (let t = 0; t < taps; t++) {
      const from = load<usize>(at);
      for (let c: usize = 0; c < rowBytes; c += 4) store<f32>(to + c, load<f32>(from + c));
      to += rowBytes;
      at += tabStride;
    }
    store<usize>(tab + ((<usize>p) << 2), copy);
    copy += copyBytes;
  }
}

/**
 * The same for all taps of the window and grid pixels first..first+count, without pointers to each tap: neighboring pixels of a row of the window are copied
 * in one go where they lie inside of the source. Leaves the pointers of the copies in `tab`.
 */
export function gatherWindows(
  tab: usize,
  first: i32,
  count: i32,
  gridHeight: i32,
  gridWidth: i32,
  source: usize,
  height: i32,
  width: i32,
  rowBytes: usize,
  copy: usize,
  copyBytes: usize,
): void {
  const across = g.filterWidth;
  const run = <usize>across * rowBytes;
  const joined = g.dilationWidth == 1;
  const imageBytes = <usize>height * <usize>width * rowBytes;
  let j = first % gridWidth;
  let i = (first / gridWidth) % gridHeight;
  let image = source + <usize>(first / gridWidth / gridHeight) * imageBytes;
  for (let p = 0; p < count; p++) {
    const left = j * g.strideWidth - g.padLeft;
    const inside = joined && left >= 0 && left + across <= width;
    let y = i * g.strideHeight - g.padTop;
    let to = copy;
    for (let k = 0; k < g.filterHeight; k++) {
      const row = image + <usize>(y * width + left) * rowBytes;
      if ((y as u32) >= (height as u32)) zeroRun(to, run);
      else if (inside) copyRun(to, row, run);
      else {
        for (let t = 0; t < across; t++) {
          const x = left + t * g.dilationWidth;
          const at = to + <usize>t * rowBytes;
          if ((x as u32) < (width as u32)) copyRun(at, row + <usize>(t * g.dilationWidth) * rowBytes, rowBytes);
          else zeroRun(at, rowBytes);
        }
      }
      to += run;
      y += g.dilationHeight;
    }
    store<usize>(tab + ((<usize>p) << 2), copy);
    copy += copyBytes;
    if (++j == gridWidth) {
      j = 0;
      if (++i == gridHeight) {
        i = 0;
        image += imageBytes;
      }
    }
  }
}

/** Copies float32 numbers: whole vectors, the last of which may overlap the one before. */
// @inline
function copyRun(to: usize, from: usize, size: usize): void {
  if (size < 16) {
    for (let c: usize = 0; c < size; c += 4) store<f32>(to + c, load<f32>(from + c));
    return;
  }
  for (let c: usize = 0; c + 16 <= size; c += 16) v128.store(to + c, v128.load(from + c));
  v128.store(to + size - 16, v128.load(from + size - 16));
}

// @inline
function zeroRun(to: usize, size: usize): void {
  for (let c: usize = 0; c < size; c += 4) store<f32>(to + c, 0);
}
