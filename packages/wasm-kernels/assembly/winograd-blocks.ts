// How the tiles of a Winograd convolution are cut into blocks, and the filters into groups, so that both stay in the caches; and the scratch that they need.
import { bytes } from './taps';
import { seats } from './team';
import { PANEL, panelColumns } from './tile-shape';
import { STRIDED_TILE_SCRATCH } from './winograd-strided-tiles';
import { WEIGHT_SCRATCH } from './winograd-weights';

/** Channels times columns of a group of filters; 36 points of it are 4.5 MiB. With smaller groups the points of all tiles are read more often. */
const GROUP_WEIGHTS: i32 = 32768;
/** Up to so many channels times columns, all transformed filters stay in the cache. */
const FEW_WEIGHTS: i32 = 128 * 128;
/** With more of them, tiles whose input points take no more bytes than this, or than the filters, are done as one block. */
const ONE_BLOCK: usize = 6 << 20;
/** Bytes added to rows and planes, so that the planes of a tile do not share cache sets. */
export const PAD: usize = 64;

export function roundUp(n: i32, unit: i32): i32 {
  return ((n + unit - 1) / unit) * unit;
}

export function tilesOf(size: i32, side: i32): i32 {
  return (size + side - 1) / side;
}

/** The three computations: stride 1 in either direction, forward with stride 2, input gradient with stride 2. */
export const EVEN: i32 = 0;
export const STRIDED: i32 = 1;
export const SPREAD: i32 = 2;

/** Points per axis; point p uses filter point min(p, 5). */
export function axisPoints(kind: i32): i32 {
  return kind == EVEN ? 6 : 9;
}

/** Pixels per axis that a tile yields. */
export function tileSide(kind: i32): i32 {
  return kind == SPREAD ? 8 : 4;
}

/**
 * Tiles per block, a multiple of 6. Few channels: the block stays in the second-level cache. Many channels and few tiles: one block, so that each filter
 * is used right after its transform.
 */
export function blockTiles(kind: i32, channels: i32, columns: i32, tiles: i32): i32 {
  const points = axisPoints(kind) * axisPoints(kind);
  const filters = 36 * bytes(columns) * <usize>channels;
  const one = channels * columns > FEW_WEIGHTS && <usize>(points * tiles) * (bytes(channels) + PAD) <= max(ONE_BLOCK, filters);
  return roundUp(one ? tiles : min(kind == EVEN && PANEL == 8 ? 24 : 12, tiles), 6);
}

/** Columns whose filters are transformed at a time: all of them, or, where each is used by one block only, as many as stay in the cache. */
export function groupColumns(channels: i32, wide: i32, tiles: i32, block: i32): i32 {
  return tiles > block ? wide : min(wide, roundUp(GROUP_WEIGHTS / channels, PANEL));
}

export function planeBytes(rows: i32, rowBytes: usize): usize {
  return <usize>rows * rowBytes + PAD;
}

// Scratch of a member: transforms | zero row | start values | dump row | two pointer tables | filters, where not all are kept | points, where all are. Behind
// those of all members the other one of the two, which they share.

/** Bytes of transformed filters of `group` columns. */
export function filterBytes(channels: i32, group: i32): usize {
  return 36 * (bytes(group) * <usize>channels + PAD) + 64;
}

/** Bytes of the points of a block, in and out. */
export function pointBytes(kind: i32, channels: i32, wide: i32, block: i32): usize {
  const points = axisPoints(kind) * axisPoints(kind);
  return <usize>points * (planeBytes(block, bytes(channels) + PAD) + planeBytes(block, bytes(wide) + PAD)) + 128;
}

/** Bytes of a member's own scratch, filters and points left out. */
export function ownBytes(channels: i32, wide: i32, block: i32): usize {
  return 1024 + STRIDED_TILE_SCRATCH + WEIGHT_SCRATCH + bytes(channels) + 2 * bytes(wide) + 2 * bytes(block);
}

/** Bytes of scratch for images of `channels` that become images of `columns` by `tiles` tiles. */
export function rowsScratch(kind: i32, channels: i32, columns: i32, tiles: i32): usize {
  const block = blockTiles(kind, channels, columns, tiles);
  const wide = panelColumns(columns);
  const group = groupColumns(channels, wide, tiles, block);
  const filters = filterBytes(channels, group);
  const points = pointBytes(kind, channels, wide, block);
  const own = ownBytes(channels, wide, block);
  return group < wide ? <usize>seats * (own + filters) + points : <usize>seats * (own + points) + filters;
}
