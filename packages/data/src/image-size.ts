import { SelfsupError } from '@selfsup/core';

/** A size of images in pixels: the side of a square, or height and width. */
export type ImageSize = number | readonly [height: number, width: number];

/**
 * Height and width of a size.
 *
 * @param size the side of a square, or `[height, width]`
 * @param who the caller, for messages
 * @returns `[height, width]`
 * @throws SelfsupError `SELFSUP_OPTION` unless both are integers ≥ 1
 */
export function sidesOf(size: ImageSize, who: string): readonly [height: number, width: number] {
  const sides: readonly unknown[] = typeof size === 'number' ? [size, size] : Array.isArray(size) ? size : [size];
  const [height, width] = sides as [number, number];
  if (sides.length === 2 && [height, width].every((side) => Number.isSafeInteger(side) && side >= 1)) return [height, width];
  const got = Array.isArray(size) ? `[${size.join(', ')}]` : String(size);
  throw new SelfsupError('SELFSUP_OPTION', `${who}: \`imageSize\` must be an integer >= 1, or [height, width] of such, got ${got}`);
}
