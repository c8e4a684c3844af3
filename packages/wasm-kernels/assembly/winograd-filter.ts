// Filter gradient of a 3×3 convolution of stride 1 by the transpose of Winograd's F(4×4, 3×3): for each point the product of all tiles of x and dy.
import * as g from './geometry';
import { tileColumns } from './micro';
import { align, bytes } from './taps';
import { PAD, roundUp, tilesOf } from './winograd';
import { gradientTile, inputTile, TILE_SCRATCH } from './winograd-tiles';
import { unpackGradient, WEIGHT_SCRATCH } from './winograd-weights';

/** Tiles per block: with many channels all at once, because the sums of all points are read and written once per block. */
function blockTiles(tiles: i32): i32 {
  return min(g.inChannels * g.outChannels <= 256 * 256 ? 96 : 256, tiles);
}

// Scratch: transforms | zero row | points of x | points of dy | sums

/** Bytes of scratch for `winogradFilter` with the geometry set. */
export function winogradFilterScratch(): usize {
  const block = blockTiles(g.batch * tilesOf(g.outHeight) * tilesOf(g.outWidth));
  const channels = roundUp(g.inChannels, 6);
  const wide = roundUp(g.outChannels, 8);
  return (
    1024 +
    TILE_SCRATCH +
    WEIGHT_SCRATCH +
    bytes(max(channels, wide)) +
    36 * (<usize>block * (bytes(channels) + PAD) + PAD) +
    36 * (<usize>block * (bytes(wide) + PAD) + PAD) +
    36 * (<usize>channels * (bytes(wide) + PAD) + PAD)
  );
}

/** dw = sum over output pixels of x (shifted by the tap) times dy. */
export function winogradFilter(x: usize, dy: usize, dw: usize, scratch: usize): void {
  const tilesHigh = tilesOf(g.outHeight);
  const tilesWide = tilesOf(g.outWidth);
  const tiles = g.batch * tilesHigh * tilesWide;
  const block = blockTiles(tiles);
  const channels = roundUp(g.inChannels, 6);
  const wide = roundUp(g.outChannels, 8);
  const transform = align(scratch);
  const inner = transform + TILE_SCRATCH;
  const zeros = align(inner + WEIGHT_SCRATCH);
  const xPoints = align(zeros + bytes(max(channels, wide)));
  const xRow = bytes(channels) + PAD;
  const xPlane = <usize>block * xRow + PAD;
  const dyPoints = align(xPoints + 36 * xPlane);
  const dyRow = bytes(wide) + PAD;
  const dyPlane = <usize>block * dyRow + PAD;
  const sums = align(dyPoints + 36 * dyPlane);
  const sumRow = bytes(wide) + PAD;
  const sumPlane = <usize>channels * sumRow + PAD;
  memory.fill(zeros, 0, bytes(max(channels, wide)));
  for (let first = 0; first < tiles; first += block) {
    const count = min(block, tiles - first);
    for (let i = 0; i < count; i++) {
      const tile = first + i;
      const left = (tile % tilesWide) << 2;
      const top = ((tile / tilesWide) % tilesHigh) << 2;
      const image = tile / tilesWide / tilesHigh;
      inputTile(
        x + <usize>image * <usize>(g.inHeight * g.inWidth) * bytes(g.inChannels),
        g.inHeight,
        g.inWidth,
        bytes(g.inChannels),
        top - g.padTop,
        left - g.padLeft,
        zeros,
        xPoints + <usize>i * xRow,
        xPlane,
        transform,
      );
      gradientTile(
        dy + <usize>image * <usize>(g.outHeight * g.outWidth) * bytes(g.outChannels),
        g.outHeight,
        g.outWidth,
        bytes(g.outChannels),
        top,
        left,
        zeros,
        dyPoints + <usize>i * dyRow,
        dyPlane,
        transform,
      );
    }
    const start: usize = first == 0 ? zeros : 0;
    let a = xPoints;
    let b = dyPoints;
    let c = sums;
    for (let point = 0; point < 36; point++) {
      for (let row = 0; row < channels; row += 6) {
        const to = c + <usize>row * sumRow;
        for (let j = 0; j < wide; j += 8) {
          tileColumns(a + bytes(row), xRow, count, b + bytes(j), dyRow, start, to + bytes(j), sumRow, 0);
        }
      }
      a += xPlane;
      b += dyPlane;
      c += sumPlane;
    }
  }
  unpackGradient(sums, sumPlane, sumRow, dw, inner);
}
