import type { EncoderFactory, VitFactory } from '@selfsup/encoders';

/**
 * What the sides of an encoder's images must be multiples of.
 *
 * @param encoder a factory of encoders
 * @returns the side of its patches; 1 for one that takes images of any size
 */
export function patchSizeOf(encoder: EncoderFactory | VitFactory): number {
  return 'patchSize' in encoder ? encoder.patchSize : 1;
}
