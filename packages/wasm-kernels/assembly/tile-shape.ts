// The geometry of the register tiles, named once: everything that packs, reserves scratch or walks panels reads it from here.
// Two builds differ by it. With 128-bit vectors 6 × 8 sums fill the registers. Where the engine joins pairs of neighboring 128-bit operations into 256-bit
// ones (build-assets.mjs passes `--use WIDE=…`) 6 × 16 do; without such joining that tile spills and is slower, so it is a binary of its own.

/** Columns of a panel of the right operand. */
// @ts-expect-error WIDE is a name that only the wide build has
export const PANEL: i32 = isDefined(WIDE) ? 16 : 8;
/** Columns of the last, narrow panel where so few are left; equal to PANEL in the narrow builds. */
export const HALF_PANEL: i32 = 8;
/** Rows of a register tile. */
export const TILE_ROWS: i32 = 6;
/** Bytes of one row of a panel. */
export const PANEL_BYTES: usize = (<usize>PANEL) << 2;
/** Bytes of a tile of PANEL columns, and of six row pointers behind it. */
export const TILE_BYTES: usize = <usize>TILE_ROWS * PANEL_BYTES + 64;

/** Columns of the panel that begins where `left` columns are left. */
// @inline
export function panelWidth(left: i32): i32 {
  return left <= HALF_PANEL ? HALF_PANEL : PANEL;
}

/** Columns of all panels together: only whole panels and, at the end, a half one. */
export function panelColumns(n: i32): i32 {
  return (n + HALF_PANEL - 1) & ~(HALF_PANEL - 1);
}
