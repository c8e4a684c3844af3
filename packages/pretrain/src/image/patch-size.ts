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
