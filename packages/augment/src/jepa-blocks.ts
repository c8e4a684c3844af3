import { drawPermutation, drawUniform, SelfsupError, type Rng } from '@selfsup/core';

/** Options of {@link jepaBlocks}. */
export interface JepaBlocksOptions {
  /** Patches along each side of the image, or [down, across]; integers ≥ 1. */
  gridSize: number | readonly [number, number];
  /** Blocks of each image that are predicted; an integer ≥ 1, default 4. */
  numTargets?: number;
  /** The range of a target block's part of the patches, in (0, 1]; default [0.15, 0.2]. */
  targetScale?: readonly [number, number];
  /** The range of a target block's height by its width, > 0; default [0.75, 1.5]. */
  targetAspect?: readonly [number, number];
  /** The range of the context block's part of the patches, in (0, 1]; default [0.85, 1]. It is as high as wide, where the grid is. */
  contextScale?: readonly [number, number];
}

/** What {@link JepaMasking} draws for `count` images, all of it row by row. */
export interface JepaBlocks {
  /** `[count, contextLength]`: the patches that the encoder sees, ascending in each image. */
  readonly context: Int32Array;
  /** `[count, numTargets, targetLength]`: the patches of each block that is predicted, row by row of the block. */
  readonly targets: Int32Array;
  /** How many blocks each image has. */
  readonly numTargets: number;
}

/** Draws context and targets for so many images from the stream; all blocks of a kind have one size, which differs from call to call. */
export type JepaMasking = (images: { readonly count: number }, rng: Rng) => JepaBlocks;

type Grid = readonly [rows: number, columns: number];
/** Tries to place the targets before fewer different ones are taken. */
const ATTEMPTS = 20;

const fail = (name: string, expected: string, got: unknown): never => {
  throw new SelfsupError('SELFSUP_OPTION', `jepaBlocks: \`${name}\` must be ${expected}, got ${String(got)}`);
};

/** Height and width in patches of a block of a part of the grid's patches. */
function sizeOf([rows, columns]: Grid, { scale, aspect }: { scale: number; aspect: number }): Grid {
  const area = rows * columns * scale;
  const within = (side: number, most: number) => Math.min(most, Math.max(1, Math.round(side)));
  return [within(Math.sqrt(area * aspect), rows), within(Math.sqrt(area / aspect), columns)];
}

/** Whether a block with an aspect of the range covers the whole grid: {@link sizeOf} rounds a side up to that of the grid from half a patch less. */
function canCover([rows, columns]: Grid, { scale, aspects }: { scale: number; aspects: readonly [number, number] }): boolean {
  const area = rows * columns * scale;
  const asHigh = rows === 1 ? 0 : (rows - 0.5) ** 2 / area; // the least aspect with as many rows
  const asWide = columns === 1 ? Infinity : area / (columns - 0.5) ** 2; // the greatest with as many columns
  return Math.max(aspects[0], asHigh) <= Math.min(aspects[1], asWide);
}

/** The patches of a block whose place two draws in [0, 1) decide. */
function placed([rows, columns]: Grid, [height, width]: Grid, [down, across]: readonly [number, number]): number[] {
  const [top, left] = [Math.floor(down * (rows - height + 1)), Math.floor(across * (columns - width + 1))];
  return Array.from({ length: height * width }, (_, i) => (top + Math.floor(i / width)) * columns + left + (i % width));
}

/** Places the blocks of an image; where targets cover the whole context again and again, all targets are the first one. */
function placeBlocks(grid: Grid, sizes: { context: Grid; target: Grid; numTargets: number }, rng: Rng) {
  const { numTargets } = sizes;
  for (let attempt = 0; ; attempt++) {
    const draws = drawUniform(rng.fold('places').fold(attempt), 2 * (numTargets + 1));
    const at = (block: number) => [draws[2 * block]!, draws[2 * block + 1]!] as const;
    const targets = Array.from({ length: numTargets }, (_, i) => placed(grid, sizes.target, at(attempt < ATTEMPTS ? i : 0)));
    const hidden = new Set(targets.flat());
    const context = placed(grid, sizes.context, at(numTargets)).filter((patch) => !hidden.has(patch));
    if (context.length > 0) return { targets, context };
  }
}

const isRange = ([low, high]: readonly [number, number], most: number) => low > 0 && low <= high && high <= most;

/**
 * The blocks of I-JEPA: small ones to be predicted, and a large one, without the patches of those, from which they are.
 *
 * @param options see {@link JepaBlocksOptions}
 * @returns a {@link JepaMasking}: a count of images in; the patches of context and targets out
 * @throws SelfsupError `SELFSUP_OPTION` on an option out of its range, or when the grid is one patch or a target can cover it; from the masking when `count` is no
 * integer ≥ 1
 * @see Assran et al.: "Self-Supervised Learning from Images with a Joint-Embedding Predictive Architecture", section 3, https://arxiv.org/abs/2301.08243
 * @remarks The sizes of the blocks are drawn for the batch, their places for each image, so that all targets are equally long. What the targets leave of the
 * contexts is cut to the shortest of the batch, by patches drawn at random.
 * @example
 * ```ts
 * import { jepaBlocks } from '@selfsup/augment';
 * import { createRng } from '@selfsup/core';
 * const { context, targets } = jepaBlocks({ gridSize: 8 })({ count: 2 }, createRng(0));
 * console.log(context.length / 2, targets.length / 2 / 4); // patches of the context and of a target
 * ```
 */
export function jepaBlocks(options: JepaBlocksOptions): JepaMasking {
  const { numTargets = 4, targetScale = [0.15, 0.2], targetAspect = [0.75, 1.5], contextScale = [0.85, 1] } = options;
  const grid: Grid = typeof options.gridSize === 'number' ? [options.gridSize, options.gridSize] : options.gridSize;
  if (!grid.every((sides) => Number.isSafeInteger(sides) && sides >= 1))
    fail('gridSize', 'an integer >= 1 or [down, across] of such', grid.join(' x '));
  if (!Number.isSafeInteger(numTargets) || numTargets < 1) fail('numTargets', 'an integer >= 1', numTargets);
  for (const [name, range] of Object.entries({ targetScale, contextScale }))
    if (!isRange(range, 1)) fail(name, 'a range within (0, 1]', `[${range.join(', ')}]`);
  if (!isRange(targetAspect, Number.MAX_VALUE)) fail('targetAspect', 'a range of numbers > 0', `[${targetAspect.join(', ')}]`);
  const length = grid[0] * grid[1];
  if (length < 2) fail('gridSize', 'of several patches, some to see and some to predict', grid.join(' x '));
  if (canCover(grid, { scale: targetScale[1], aspects: targetAspect }))
    fail('targetScale', `so small that a target leaves some of ${grid.join(' x ')} patches`, targetScale[1]);
  return ({ count }, rng) => {
    if (!Number.isSafeInteger(count) || count < 1) fail('count', 'an integer >= 1', count);
    const [size, shape, room] = drawUniform(rng.fold('sizes').ofPart(0), 3) as unknown as [number, number, number];
    const between = ([low, high]: readonly [number, number], draw: number) => low + (high - low) * draw;
    const target = sizeOf(grid, { scale: between(targetScale, size), aspect: between(targetAspect, shape) });
    const square = { scale: between(contextScale, room), aspect: grid[0] / grid[1] };
    const sizes = { target, context: sizeOf(grid, square), numTargets };
    const drawn = Array.from({ length: count }, (_, image) => placeBlocks(grid, sizes, rng.row(image, count)));
    const seen = drawn.reduce((least, { context }) => Math.min(least, context.length), length);
    const context = drawn.flatMap((blocks, image) => {
      const chosen = drawPermutation(rng.row(image, count).fold('seen'), blocks.context.length).subarray(0, seen).sort();
      return Array.from(chosen, (i) => blocks.context[i]!);
    });
    return { context: Int32Array.from(context), targets: Int32Array.from(drawn.flatMap(({ targets }) => targets.flat())), numTargets };
  };
}
