// G g Gᵀ of all filters (36 points, with stride 1 or 2), into the panels that the register tile reads; and its transpose for the filter gradient.
import * as g from './geometry';
import { PANEL, panelWidth } from './tile-shape';
import { filterGradientLine, filterLine, stridedFilterGradientLine, stridedFilterLine } from './winograd-lines';
import {
  filterGradientLinePairs,
  filterGradientLineRows,
  filterLinePairs,
  filterLineRows,
  stridedFilterGradientLinePairs,
  stridedFilterGradientLineRows,
  stridedFilterLinePairs,
  stridedFilterLineRows,
} from './winograd-pairs';

/** Bytes of the four filters of 9 taps, two vectors each, that packInput turns around. */
const TURNED: usize = 4 * 9 * 32;
/** Scratch of these transforms: four filters and an intermediate of 18 pairs. */
export const WEIGHT_SCRATCH: usize = TURNED + 18 * 32;

// @inline
function chosenLine(strided: bool, g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  if (strided) stridedFilterLine(g0, g1, g2, to, step);
  else filterLine(g0, g1, g2, to, step);
}

// @inline
function chosenGradientLine(strided: bool, u: usize, unit: usize, to: usize, step: usize): void {
  const u0 = v128.load(u),
    u1 = v128.load(u + unit),
    u2 = v128.load(u + 2 * unit);
  const u3 = v128.load(u + 3 * unit),
    u4 = v128.load(u + 4 * unit),
    u5 = v128.load(u + 5 * unit);
  if (strided) stridedFilterGradientLine(u0, u1, u2, u3, u4, u5, to, step);
  else filterGradientLine(u0, u1, u2, u3, u4, u5, to, step);
}

/** filterTile for eight columns. */
function filterTilePair(taps: usize, tapStep: usize, to: usize, plane: usize, scratch: usize): void {
  const strided = g.strideHeight == 2;
  const second = taps + 3 * tapStep;
  const third = taps + 6 * tapStep;
  if (strided) {
    stridedFilterLinePairs(taps, second, third, scratch, 96, 3, tapStep, 32);
    stridedFilterLineRows(scratch, to, plane, 6, 96, 6 * plane);
  } else {
    filterLinePairs(taps, second, third, scratch, 96, 3, tapStep, 32);
    filterLineRows(scratch, to, plane, 6, 96, 6 * plane);
  }
}

/** G g Gᵀ for four columns: tap (i, j) at `taps + (3 i + j) * tapStep`, point p to `to + p * plane`. */
function filterTile(taps: usize, tapStep: usize, to: usize, plane: usize, scratch: usize): void {
  const strided = g.strideHeight == 2;
  for (let j: usize = 0; j < 3; j++) {
    const tap = taps + j * tapStep;
    chosenLine(strided, v128.load(tap), v128.load(tap + 3 * tapStep), v128.load(tap + 6 * tapStep), scratch + (j << 4), 48);
  }
  for (let i = 0; i < 6; i++) {
    chosenLine(strided, v128.load(scratch), v128.load(scratch, 16), v128.load(scratch, 32), to, plane);
    scratch += 48;
    to += 6 * plane;
  }
}

function zeroTile(to: usize, plane: usize): void {
  for (let p = 0; p < 36; p++) {
    v128.store(to, f32x4.splat(0));
    to += plane;
  }
}

/** Filters [3, 3, channels, columns] for the forward pass, output channels from `first` (a multiple of PANEL) to `end`: panel, channel, columns. */
export function packForward(w: usize, first: i32, end: i32, to: usize, plane: usize, scratch: usize): void {
  const row = (<usize>g.outChannels) << 2;
  const tapStep = row * <usize>g.inChannels;
  for (let k = first; k < end; k += PANEL) {
    const width = panelWidth(g.outChannels - k);
    const size = (<usize>width) << 2;
    const present = (<usize>min(width, g.outChannels - k)) << 2;
    let from = w + ((<usize>k) << 2);
    for (let c = 0; c < g.inChannels; c++) {
      let q: usize = 0;
      if (PANEL == 16) {
        for (; q + 32 <= present; q += 32) filterTilePair(from + q, tapStep, to + q, plane, scratch);
      }
      for (; q < present; q += 16) filterTile(from + q, tapStep, to + q, plane, scratch);
      for (; q < size; q += 16) zeroTile(to + q, plane);
      from += row;
      to += size;
    }
  }
}

/** The same filters turned around and transposed for the input gradient, input channels from `first` to `end`: panel, output channel, input channels. */
export function packInput(w: usize, first: i32, end: i32, to: usize, plane: usize, scratch: usize): void {
  const row = (<usize>g.outChannels) << 2;
  const tapStep = row * <usize>g.inChannels;
  const inner = scratch + TURNED;
  for (let c = first; c < end; c += PANEL) {
    const width = panelWidth(g.inChannels - c);
    const size = (<usize>width) << 2;
    for (let q = 0; q < width; q += 8) {
      const from = w + <usize>(c + q) * row;
      const one = c + q < g.inChannels;
      const two = c + q + 4 < g.inChannels;
      let at = to + ((<usize>q) << 2);
      for (let k = 0; k < g.outChannels; k += 4) {
        const column = (<usize>k) << 2;
        if (one) turnFour(from + column, row, tapStep, scratch);
        if (two) turnFour(from + 4 * row + column, row, tapStep, scratch + 16);
        for (let i: usize = 0; i < 4; i++) {
          if (PANEL == 16 && two) filterTilePair(scratch + i * 288, 32, at, plane, inner);
          else {
            if (one) filterTile(scratch + i * 288, 32, at, plane, inner);
            else zeroTile(at, plane);
            if (two) filterTile(scratch + 16 + i * 288, 32, at + 16, plane, inner);
            else zeroTile(at + 16, plane);
          }
          at += size;
        }
      }
    }
    to += <usize>g.outChannels * size;
  }
}

/** Four filters of four channels, transposed and turned by 180 degrees: `to` holds, for each of four output channels, 9 taps of four channels, 32 bytes apart. */
function turnFour(from: usize, row: usize, tapStep: usize, to: usize): void {
  let at = to + 8 * 32;
  for (let tap = 0; tap < 9; tap++) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + row);
    const r2 = v128.load(from + 2 * row);
    const r3 = v128.load(from + 3 * row);
    const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const b = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const c = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const d = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(at, i64x2.shuffle(a, b, 0, 2));
    v128.store(at, i64x2.shuffle(a, b, 1, 3), 288);
    v128.store(at, i64x2.shuffle(c, d, 0, 2), 576);
    v128.store(at, i64x2.shuffle(c, d, 1, 3), 864);
    from += tapStep;
    at -= 32;
  }
}

/**
 * dw = Gᵀ u G for the output channels from `first` to `end`: the sums of each point, panels of `channels` rows one behind the other, to the filters
 * [3, 3, channels, columns]. Row 0 belongs to channel `row`; rows from to `to` are done.
 */
export function unpackGradient(
  u: usize,
  plane: usize,
  channels: i32,
  from: i32,
  to: i32,
  row: i32,
  first: i32,
  end: i32,
  dw: usize,
  scratch: usize,
): void {
  const ld = (<usize>g.outChannels) << 2;
  const tapStep = ld * <usize>g.inChannels;
  const strided = g.strideHeight == 2;
  dw += <usize>(row + from) * ld;
  for (let k = first; k < end; k += PANEL) {
    const width = panelWidth(end - k);
    const size = (<usize>min(width, end - k)) << 2;
    const step = (<usize>width) << 2;
    let at = u + <usize>from * step;
    let target = dw + ((<usize>k) << 2);
    for (let c = from; c < to; c++) {
      let q: usize = 0;
      if (PANEL == 16) {
        for (; q + 32 <= size; q += 32) unpackPair(strided, at + q, plane, target + q, tapStep, scratch);
      }
      for (; q < size; q += 16) unpackFour(strided, at + q, plane, target + q, tapStep, scratch);
      at += step;
      target += ld;
    }
    u += <usize>channels * step;
  }
}

/** Gᵀ u G of four columns: point p at `u + p * plane`, tap t to `to + t * tapStep`. */
// @inline
function unpackFour(strided: bool, u: usize, plane: usize, to: usize, tapStep: usize, scratch: usize): void {
  for (let j: usize = 0; j < 6; j++) {
    chosenGradientLine(strided, u, 6 * plane, scratch + (j << 4), 96);
    u += plane;
  }
  for (let i = 0; i < 3; i++) {
    chosenGradientLine(strided, scratch, 16, to, tapStep);
    scratch += 96;
    to += 3 * tapStep;
  }
}

/** unpackFour for eight columns. */
// @inline
function unpackPair(strided: bool, u: usize, plane: usize, to: usize, tapStep: usize, scratch: usize): void {
  const row = 6 * plane;
  const u1 = u + row;
  const u2 = u1 + row;
  const u3 = u2 + row;
  const u4 = u3 + row;
  const u5 = u4 + row;
  if (strided) {
    stridedFilterGradientLinePairs(u, u1, u2, u3, u4, u5, scratch, 192, 6, plane, 32);
    stridedFilterGradientLineRows(scratch, to, tapStep, 3, 192, 3 * tapStep);
  } else {
    filterGradientLinePairs(u, u1, u2, u3, u4, u5, scratch, 192, 6, plane, 32);
    filterGradientLineRows(scratch, to, tapStep, 3, 192, 3 * tapStep);
  }
}
