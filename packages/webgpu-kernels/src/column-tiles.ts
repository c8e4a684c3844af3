/** Neighboring columns that a workgroup takes together. */
export const TILE = 16;
/** Invocations of a workgroup: so many go side by side down each column of its tile as fit. */
export const TILE_THREADS = 256;

const ROW_LANES = TILE_THREADS / TILE;
/** Up to so many rows one workgroup takes them all. */
const FEW_ROWS = 1024;
const MOST_BLOCKS = 128;

/** Workgroups for this many columns. */
export const tilesOf = (columns: number): number => Math.ceil(columns / TILE);

/** Cuts rows into blocks of `chunk` rows, all but the last of the same length and none empty. */
export function cutRows(rows: number): { chunk: number; blocks: number } {
  if (rows <= FEW_ROWS) return { chunk: rows, blocks: 1 };
  const wanted = Math.min(MOST_BLOCKS, Math.ceil(rows / (FEW_ROWS / 2)));
  const chunk = Math.ceil(rows / wanted);
  return { chunk, blocks: Math.ceil(rows / chunk) };
}

/** WGSL for the place of an invocation in matrix `[rows, channels]`: its channel, its rows by steps of `ROW_LANES`, and whether they are there. */
export const tilePlace = `
  const ROW_LANES = ${ROW_LANES}u;
  let tiles = (u.channels + ${TILE - 1}u) / ${TILE}u;
  let block = group / tiles;
  let channel = (group % tiles) * ${TILE}u + thread % ${TILE}u;
  let rowLane = thread / ${TILE}u;
  let live = channel < u.channels;
  let firstRow = block * u.chunk;
  let endRow = select(firstRow, min(firstRow + u.chunk, u.rows), live);`;
