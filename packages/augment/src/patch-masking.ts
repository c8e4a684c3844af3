import type { Rng } from '@selfsup/core';

/** What {@link PatchMasking} draws for `count` images of `length` patches, all of it row by row. */
export interface MaskedPatches {
  /** `[count, kept]`: the patches that are kept, ascending in each image. */
  readonly keep: Int32Array;
  /** `[count, length]`: where each patch stands when the masked ones follow those kept. */
  readonly restore: Int32Array;
  /** `[count, length]`: 1 for a masked patch, 0 for one that is kept. */
  readonly mask: Float32Array;
}

/** Draws masks for so many images from the stream; image i depends on the stream and on i alone. */
export type PatchMasking = (images: { readonly count: number }, rng: Rng) => MaskedPatches;
