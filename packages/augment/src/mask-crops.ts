import { drawUniform, SelfsupError, type Rng } from '@selfsup/core';
import { markBlocks, type Grid } from './mark-blocks.ts';

/** Options of {@link maskCrops}. */
export interface MaskCropsOptions {
  /** Patches along each side of a crop, or [down, across]; integers ≥ 1. */
  gridSize: number | readonly [number, number];
  /** The least and the greatest part of a crop's patches that are masked, in (0, 1); default 0.1 to 0.5. */
  maskRatio?: readonly [number, number];
  /** The fewest patches of a rectangle before the last; an integer ≥ 1; default 4. */
  minBlock?: number;
}

/**
 * Draws the masked patches of two crops of each of `count` images: `masked` `[count, slots]`, patch p of the first crop as p and of the second as length + p,
 * ascending; −1 fills up. Image i depends on the stream and on i alone.
 */
export type CropMasking = (images: { readonly count: number }, rng: Rng) => { readonly masked: Int32Array };

const fail = (name: string, expected: string, got: unknown): never => {
  throw new SelfsupError('SELFSUP_OPTION', `maskCrops: \`${name}\` must be ${expected}, got ${String(got)}`);
};

/**
 * Masks rectangles of patches in one of the two crops of each image, for iBOT and DINOv2.
 *
 * @param options see {@link MaskCropsOptions}
 * @returns a {@link CropMasking}: which of the two crops is drawn evenly, the part of it that is masked likewise; as many slots as the greatest part has
 * patches, at least 1
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range; from the masking when `count` is not an integer ≥ 1
 * @see Zhou et al.: "iBOT: Image BERT Pre-Training with Online Tokenizer", section 4.1 and appendix E, https://arxiv.org/abs/2111.07832
 * @see Bao et al.: "BEiT", algorithm 1, https://arxiv.org/abs/2106.08254
 * @remarks iBOT masks each crop with probability 1/2, DINOv2 half of the crops of a batch. With one of two each crop is masked as often, and every image has
 * about as many masked patches, which are then rows of one tensor without much filling up.
 * @example
 * ```ts
 * import { maskCrops } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * const { masked } = maskCrops({ gridSize: 8 })({ count: 2 }, createRng(0)); // 2 · 32 slots
 * ```
 */
export function maskCrops(options: MaskCropsOptions): CropMasking {
  const { maskRatio = [0.1, 0.5], minBlock = 4 } = options;
  const grid: Grid = typeof options.gridSize === 'number' ? [options.gridSize, options.gridSize] : options.gridSize;
  if (!grid.every((sides) => Number.isSafeInteger(sides) && sides >= 1))
    fail('gridSize', 'an integer >= 1 or [down, across] of such', grid.join(' x '));
  const length = grid[0] * grid[1];
  const [least, most] = maskRatio;
  if (!(least > 0 && least <= most && most < 1)) fail('maskRatio', 'two numbers in (0, 1), the smaller first', `[${maskRatio.join(', ')}]`);
  if (!Number.isSafeInteger(minBlock) || minBlock < 1) fail('minBlock', 'an integer >= 1', minBlock);
  const slots = Math.max(1, Math.floor(most * length));
  return ({ count }, rng) => {
    if (!Number.isSafeInteger(count) || count < 1) fail('count', 'an integer >= 1', count);
    const masked = new Int32Array(count * slots).fill(-1);
    for (let image = 0; image < count; image++) {
      const own = rng.row(image, count);
      const [which, part] = drawUniform(own.fold('crop'), 2) as unknown as [number, number];
      const hidden = Math.min(slots, Math.max(1, Math.floor((least + part * (most - least)) * length)));
      const mask = new Float32Array(length);
      markBlocks(mask, grid, { hidden, minBlock, rng: own });
      let slot = image * slots;
      mask.forEach((value, patch) => {
        if (value === 1) masked[slot++] = patch + (which < 0.5 ? 0 : length);
      });
    }
    return { masked };
  };
}
