import { SelfsupError } from '@selfsup/core';

const SMALLEST = 8;

/** The option `imageSize` as it is given: the side of a square, height and width, or both in words such as `96x128`. */
export type GivenImageSize = number | readonly [height: number, width: number] | string;

/**
 * The option `imageSize` as data is opened with.
 *
 * @param given see {@link GivenImageSize}
 * @returns the side of a square, or height and width
 * @throws SelfsupError `SELFSUP_OPTION` on sides below 8
 */
export function imageSizeOfOptions(given: GivenImageSize): number | readonly [number, number] {
  if (typeof given !== 'string') return given;
  const [height, width] = given.split('x').map(Number) as [number, number];
  if (!(Math.min(height, width) >= SMALLEST))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `\`imageSize\` must be height and width of at least ${SMALLEST} pixels such as 96x128, got ${given}`,
    );
  return [height, width];
}
