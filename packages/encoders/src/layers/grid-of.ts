/** The side of a square, or height and width: of images in pixels, of grids in patches. */
export type Sides = number | readonly [height: number, width: number];

/** Height and width. */
export const sidesOf = (sides: Sides): readonly [number, number] => (typeof sides === 'number' ? [sides, sides] : sides);

/** The side of a square, height and width of anything else. */
export const shortSides = (height: number, width: number): Sides => (height === width ? height : [height, width]);
