import { drawPermutation, drawUniform, SelfsupError, shareOf, type Rng } from '@selfsup/core';
import { markBlocks, type Grid } from './mark-blocks.ts';
import type { PatchMasking } from './patch-masking.ts';

/** Options of {@link maskPatches}. */
export interface MaskPatchesOptions {
  /** Patches along each side of the image, or [down, across]; integers ≥ 1. */
  gridSize: number | readonly [number, number];
  /** The part of the patches that is masked, in (0, 1); default 0.75, as in MAE. SimMIM masks 0.6. */
  maskRatio?: number;
  /**
   * How they lie. `'random'` (default): each unit on its own, MAE's and, with a `unitSize`, SimMIM's; `'block'`: rectangles, as in BEiT;
   * `'inverse-block'`: all but one rectangle, which may reach over the borders to the other side, as in CAPI; `'grid'`: the same pattern in each window of
   * `windowSize`², drawn for each image.
   */
  kind?: 'random' | 'block' | 'inverse-block' | 'grid';
  /** Patches along the side of what `'random'` masks as a whole; divides the grid; default 1. */
  unitSize?: number;
  /** Patches along the side of a window of `'grid'`; divides the grid; default 2. */
  windowSize?: number;
  /** The fewest patches of a rectangle of `'block'` before the last; an integer ≥ 1; default 4. */
  minBlock?: number;
}

/** The most that a rectangle is longer than it is wide, or wider than long. */
const MAX_ASPECT = 2;

const fail = (name: string, expected: string, got: unknown): never => {
  throw new SelfsupError('SELFSUP_OPTION', `maskPatches: \`${name}\` must be ${expected}, got ${String(got)}`);
};

/** Marks `hidden` of the units of `side`² patches, at random. */
function markUnits(mask: Float32Array, [rows, columns]: Grid, options: { side: number; hidden: number; rng: Rng }): void {
  const { side, hidden, rng } = options;
  const across = columns / side;
  for (const unit of drawPermutation(rng, (rows / side) * across).subarray(0, hidden))
    for (let i = 0; i < side * side; i++) {
      const row = Math.floor(unit / across) * side + Math.floor(i / side);
      mask[row * columns + (unit % across) * side + (i % side)] = 1;
    }
}

/** Marks the same `hidden` places of every window of `side`² patches. */
function markWindows(mask: Float32Array, [rows, columns]: Grid, options: { side: number; hidden: number; rng: Rng }): void {
  const { side, hidden, rng } = options;
  const places = new Set(drawPermutation(rng, side * side).subarray(0, hidden));
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      if (places.has((row % side) * side + (column % side))) mask[row * columns + column] = 1;
}

/** Marks all but a rectangle of `kept` patches, the last row of which may be shorter; it is moved in a circle. */
function markAround(mask: Float32Array, [rows, columns]: Grid, options: { kept: number; rng: Rng }): void {
  const { kept, rng } = options;
  const [shape, down, across] = drawUniform(rng, 3) as unknown as [number, number, number];
  // height / width, log-uniform where the rectangle fits
  const longest = Math.min(MAX_ASPECT, rows ** 2 / kept);
  const widest = Math.min(Math.max(1 / MAX_ASPECT, kept / columns ** 2), longest);
  const aspect = widest * (longest / widest) ** shape;
  const width = Math.min(columns, Math.max(1, Math.ceil(Math.sqrt(kept / aspect) - 1e-9)));
  const [top, left] = [Math.floor(down * rows), Math.floor(across * columns)];
  mask.fill(1);
  for (let i = 0; i < kept; i++) mask[((top + Math.floor(i / width)) % rows) * columns + ((left + (i % width)) % columns)] = 0;
}

/**
 * Masks a part of the patches of images for masked image modeling, the same number in each image.
 *
 * @param options see {@link MaskPatchesOptions}
 * @returns a {@link PatchMasking}: a count of images in; patches that are kept, their order and the mask out. Of L patches int(L·(1 − maskRatio)) are kept,
 * in exact arithmetic; of units where there are such
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range, when nothing would be kept or masked, or when `'grid'` cannot mask that part of a
 * window; from the masking when `count` is no integer ≥ 1
 * @see He et al.: "Masked Autoencoders Are Scalable Vision Learners", section 3 and figure 6, https://arxiv.org/abs/2111.06377
 * @see Xie et al.: "SimMIM", section 3.2, https://arxiv.org/abs/2111.09886; Bao et al.: "BEiT", algorithm 1, https://arxiv.org/abs/2106.08254
 * @see Darcet et al.: "Cluster and Predict Latent Patches for Improved Masked Image Modeling", https://arxiv.org/abs/2502.08769, for `'inverse-block'`
 * @remarks MAE keeps patches in the order of its noise; here they ascend, which the encoder cannot tell. BEiT stops at or beyond the ratio; here the last
 * rectangle ends at the exact number.
 * @example
 * ```ts
 * import { maskPatches } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * const masking = maskPatches({ gridSize: 8, maskRatio: 0.75 });
 * const { keep } = masking({ count: 2 }, createRng(0)); // 2 · 16 patches of 64 each
 * ```
 */
export function maskPatches(options: MaskPatchesOptions): PatchMasking {
  const { maskRatio = 0.75, kind = 'random', unitSize = 1, windowSize = 2, minBlock = 4 } = options;
  const grid: Grid = typeof options.gridSize === 'number' ? [options.gridSize, options.gridSize] : options.gridSize;
  const [rows, columns] = grid;
  if (!grid.every((sides) => Number.isSafeInteger(sides) && sides >= 1))
    fail('gridSize', 'an integer >= 1 or [down, across] of such', grid.join(' x '));
  const length = rows * columns;
  if (!['random', 'block', 'inverse-block', 'grid'].includes(kind))
    fail('kind', "'random', 'block', 'inverse-block' or 'grid'", JSON.stringify(kind));
  if (!(maskRatio > 0 && maskRatio < 1)) fail('maskRatio', 'in (0, 1)', maskRatio);
  for (const [name, value] of Object.entries({ unitSize, windowSize, minBlock }))
    if (!Number.isSafeInteger(value) || value < 1) fail(name, 'an integer >= 1', value);
  const side = kind === 'random' ? unitSize : kind === 'grid' ? windowSize : 1;
  if (rows % side !== 0 || columns % side !== 0)
    fail(kind === 'grid' ? 'windowSize' : 'unitSize', `a divisor of the grid ${rows} x ${columns}`, side);
  const total = kind === 'grid' ? side * side : length / (side * side);
  const hidden = total - shareOf(total, 1 - maskRatio, 'floor'); // units, places in a window, or patches
  if (kind === 'grid' && Math.abs(total * maskRatio - hidden) > 1e-9)
    fail('maskRatio', `a multiple of 1/${total} with windows of ${side} x ${side}`, maskRatio);
  if (hidden === total) fail('maskRatio', `so small that one of ${total} is kept`, maskRatio);
  const masked = kind === 'grid' ? (hidden * length) / total : hidden * side * side;
  const kept = length - masked;
  const mark = (mask: Float32Array, rng: Rng) => {
    if (kind === 'random') markUnits(mask, grid, { side, hidden, rng });
    else if (kind === 'grid') markWindows(mask, grid, { side, hidden, rng });
    else if (kind === 'inverse-block') markAround(mask, grid, { kept, rng });
    else markBlocks(mask, grid, { hidden, minBlock, rng });
  };
  return ({ count }, rng) => {
    if (!Number.isSafeInteger(count) || count < 1) fail('count', 'an integer >= 1', count);
    const [keep, restore, mask] = [new Int32Array(count * kept), new Int32Array(count * length), new Float32Array(count * length)];
    for (let image = 0; image < count; image++) {
      const own = mask.subarray(image * length, (image + 1) * length);
      mark(own, rng.row(image, count));
      let [seen, unseen] = [0, kept];
      own.forEach((value, patch) => {
        if (value === 0) keep[image * kept + seen] = patch;
        restore[image * length + patch] = value === 0 ? seen++ : unseen++;
      });
    }
    return { keep, restore, mask };
  };
}
