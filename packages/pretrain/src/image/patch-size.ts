import { SelfsupError } from '@selfsup/core';
import type { AnyEncoderFactory } from '../encoder-recipe.ts';

/**
 * What the sides of an encoder's images must be multiples of.
 *
 * @param encoder a factory of encoders
 * @returns the side of its patches; 1 for one that takes images of any size
 */
export function patchSizeOf(encoder: AnyEncoderFactory): number {
  const { patchSize } = encoder as AnyEncoderFactory & { readonly patchSize?: number };
  return patchSize ?? 1;
}

/** Refuses parts of images that do not consist of whole patches of the encoder. */
export function checkWholePatches(name: string, size: number, encoder: AnyEncoderFactory): void {
  const patchSize = patchSizeOf(encoder);
  if (size % patchSize !== 0)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`${name}\` must be a multiple of ${patchSize}, the side of the encoder's patches, got ${size}`,
    );
}
