/** The option `imageSize` as it is given: the side of a square, height and width, or both in words such as `96x128`. */
export type GivenImageSize = number | readonly [height: number, width: number] | string;

/**
 * The option `imageSize` as data is opened with.
 *
 * @param given see {@link GivenImageSize}
 * @returns the side of a square, or height and width
 */
export function imageSizeOfOptions(given: GivenImageSize): number | readonly [number, number] {
  if (typeof given !== 'string') return given;
  const [height, width] = given.split('x').map(Number) as [number, number];
  return [height, width];
}
