import type { EncoderLayers } from './encoder-recipe.ts';

/** How blocks are numbered in paths. */
interface NumberedBlocks {
  /** The number of the first. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

const numberIn = (pattern: RegExp, path: string): number | undefined => {
  const found = pattern.exec(path);
  return found ? Number(found[1]) : undefined;
};

/** Blocks after a layer of their own, such as a stem: that is layer 0, the first block 1; `top` finds what comes after the last one. Internal. */
export const blockLayers = (block: RegExp, { first, count, top }: NumberedBlocks & { readonly top: RegExp }): EncoderLayers => ({
  count: count + 1,
  layerOf(path) {
    const number = numberIn(block, path);
    if (number !== undefined) return number - first + 1;
    return top.test(path) ? count + 1 : 0;
  },
});

/** Nothing but blocks: the first is layer 0. Internal. */
export const groupLayers = (block: RegExp, { first, count }: NumberedBlocks): EncoderLayers => ({
  count,
  layerOf: (path) => (numberIn(block, path) ?? first) - first,
});
