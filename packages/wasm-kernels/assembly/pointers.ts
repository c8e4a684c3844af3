// Row pointers of an implicit GEMM: for each tap and each pixel of a grid, where its row of channels lies, or a row of zeros outside.

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
  let j = first % gridWidth;
  let i = (first / gridWidth) % gridHeight;
  let image = source + <usize>(first / gridWidth / gridHeight) * <usize>height * <usize>width * rowBytes;
  const imageBytes = <usize>height * <usize>width * rowBytes;
  for (let p = 0; p < count; p++) {
    let record = records;
    let at = tab + ((<usize>p) << 2);
    const row = i * strideH;
    const column = j * strideW;
    for (let t = 0; t < taps; t++) {
      const y = row + load<i32>(record);
      const x = column + load<i32>(record, 4);
      const inside = (y as u32) < (height as u32) && (x as u32) < (width as u32);
      store<usize>(at, inside ? image + <usize>(y * width + x) * rowBytes : zeros);
      record += TAP_BYTES;
      at += tabStride;
    }
    if (++j == gridWidth) {
      j = 0;
      if (++i == gridHeight) {
        i = 0;
        image += imageBytes;
      }
    }
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
