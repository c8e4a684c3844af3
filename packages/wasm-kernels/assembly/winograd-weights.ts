// G g Gᵀ of all filters (36 points, with stride 1 or 2), into the panels of 8 columns that the register tile reads; and its transpose for the filter gradient.
import * as g from './geometry';
import { filterGradientLine, filterLine, stridedFilterGradientLine, stridedFilterLine } from './winograd-lines';

/** Scratch of these transforms: 4 filters of 9 taps and an intermediate of 18 vectors. */
export const WEIGHT_SCRATCH: usize = (4 * 9 + 18) * 16;

// @ts-expect-error a decorator of AssemblyScript
@inline
function chosenLine(strided: bool, g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  if (strided) stridedFilterLine(g0, g1, g2, to, step);
  else filterLine(g0, g1, g2, to, step);
}

// @ts-expect-error a decorator of AssemblyScript
@inline
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

/** Filters [3, 3, channels, columns] for the forward pass, output channels from `first` (a multiple of 8) to `end`: panel, channel, 8 columns. */
export function packForward(w: usize, first: i32, end: i32, to: usize, plane: usize, scratch: usize): void {
  const row = (<usize>g.outChannels) << 2;
  const tapStep = row * <usize>g.inChannels;
  for (let k = first; k < end; k += 8) {
    let from = w + ((<usize>k) << 2);
    for (let c = 0; c < g.inChannels; c++) {
      filterTile(from, tapStep, to, plane, scratch);
      if (k + 4 < g.outChannels) filterTile(from + 16, tapStep, to + 16, plane, scratch);
      else zeroTile(to + 16, plane);
      from += row;
      to += 32;
    }
  }
}

/** The same filters turned around and transposed for the input gradient, input channels from `first` to `end`: panel, output channel, 8 input channels. */
export function packInput(w: usize, first: i32, end: i32, to: usize, plane: usize, scratch: usize): void {
  const row = (<usize>g.outChannels) << 2;
  const tapStep = row * <usize>g.inChannels;
  const inner = scratch + 4 * 9 * 16;
  for (let c = first; c < end; c += 8) {
    for (let half = 0; half < 2; half++) {
      const from = w + <usize>(c + 4 * half) * row;
      let at = to + ((<usize>half) << 4);
      for (let k = 0; k < g.outChannels; k += 4) {
        const present = c + 4 * half < g.inChannels;
        if (present) turnFour(from + ((<usize>k) << 2), row, tapStep, scratch);
        for (let i: usize = 0; i < 4; i++) {
          if (present) filterTile(scratch + i * 144, 16, at, plane, inner);
          else zeroTile(at, plane);
          at += 32;
        }
      }
    }
    to += row << 3;
  }
}

/** Four filters of four channels, transposed and turned by 180 degrees: `to` holds, for each of four output channels, 9 taps of four channels. */
function turnFour(from: usize, row: usize, tapStep: usize, to: usize): void {
  let at = to + 8 * 16;
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
    v128.store(at, i64x2.shuffle(a, b, 1, 3), 144);
    v128.store(at, i64x2.shuffle(c, d, 0, 2), 288);
    v128.store(at, i64x2.shuffle(c, d, 1, 3), 432);
    from += tapStep;
    at -= 16;
  }
}

/** dw = Gᵀ u G for the output channels from `first` to `end`: the sums of each point, rows of `rowBytes` per channel, to the filters [3, 3, channels, columns]. */
export function unpackGradient(u: usize, plane: usize, rowBytes: usize, first: i32, end: i32, dw: usize, scratch: usize): void {
  const row = (<usize>g.outChannels) << 2;
  const tapStep = row * <usize>g.inChannels;
  const strided = g.strideHeight == 2;
  const size = (<usize>(end - first)) << 2;
  dw += (<usize>first) << 2;
  for (let c = 0; c < g.inChannels; c++) {
    for (let k: usize = 0; k < size; k += 16) {
      let from = u + k;
      for (let j: usize = 0; j < 6; j++) {
        chosenGradientLine(strided, from, 6 * plane, scratch + (j << 4), 96);
        from += plane;
      }
      let to = dw + k;
      let line = scratch;
      for (let i = 0; i < 3; i++) {
        chosenGradientLine(strided, line, 16, to, tapStep);
        line += 96;
        to += 3 * tapStep;
      }
    }
    u += rowBytes;
    dw += row;
  }
}
