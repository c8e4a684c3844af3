/** A filled outline: the signed distance from (x, y) to its edge, negative inside; y points up. It fits in a circle of radius about 1. */
export type Outline = (x: number, y: number) => number;

type Point = readonly [number, number];

/** Signed distance to a closed polygon: the nearest edge, with the sign from the number of edges that a ray to the right crosses. */
export function polygon(points: readonly Point[]): Outline {
  const n = points.length;
  const ax = Float64Array.from(points, (p) => p[0]);
  const ay = Float64Array.from(points, (p) => p[1]);
  const ex = Float64Array.from(points, (p, i) => points[(i + 1) % n]![0] - p[0]);
  const ey = Float64Array.from(points, (p, i) => points[(i + 1) % n]![1] - p[1]);
  const inverse = ex.map((dx, i) => 1 / (dx * dx + ey[i]! * ey[i]!));
  return (x, y) => {
    let nearest = Infinity;
    let inside = false;
    for (let i = 0; i < n; i++) {
      const dx = x - ax[i]!;
      const dy = y - ay[i]!;
      const along = (dx * ex[i]! + dy * ey[i]!) * inverse[i]!;
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const rx = dx - t * ex[i]!;
      const ry = dy - t * ey[i]!;
      const squared = rx * rx + ry * ry;
      if (squared < nearest) nearest = squared;
      if (dy >= 0 !== dy >= ey[i]! && dx < (dy / ey[i]!) * ex[i]!) inside = !inside;
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  };
}

const disc =
  (radius: number, cx = 0, cy = 0): Outline =>
  (x, y) =>
    Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) - radius;

/** The union of outlines: exact outside, a bound inside, which is enough for antialiasing. */
const union =
  (...parts: readonly Outline[]): Outline =>
  (x, y) => {
    let nearest = Infinity;
    for (const part of parts) nearest = Math.min(nearest, part(x, y));
    return nearest;
  };

/** An ellipse on the axes, to first order: its implicit function over the length of its gradient. */
const ellipse =
  (a: number, b: number): Outline =>
  (x, y) => {
    const level = Math.sqrt((x * x) / (a * a) + (y * y) / (b * b));
    const slope = Math.sqrt((x * x) / (a * a * a * a) + (y * y) / (b * b * b * b));
    return slope === 0 ? -b : (level * (level - 1)) / slope;
  };

// cos and sin of multiples of 36 degrees from square roots, which every engine rounds alike
const C36 = (1 + Math.sqrt(5)) / 4;
const C72 = (Math.sqrt(5) - 1) / 4;
const S36 = Math.sqrt(1 - C36 * C36);
const S72 = Math.sqrt(1 - C72 * C72);
const S60 = Math.sqrt(0.75);
const starDirections: readonly Point[] = [
  [0, 1],
  [S36, C36],
  [S72, C72],
  [S72, -C72],
  [S36, -C36],
  [0, -1],
  [-S36, -C36],
  [-S72, -C72],
  [-S72, C72],
  [-S36, C36],
];

/** Four-fold shapes from their first quarter: each further quarter turns the points by 90 degrees, clockwise. */
const fourfold = (quarter: readonly Point[]): Point[] => [0, 1, 2, 3].flatMap((turns) => quarter.map((point) => turned(point, turns)));
const turned = ([x, y]: Point, quarters: number): Point => (quarters === 0 ? [x, y] : turned([y, -x], quarters - 1));

const square = polygon(fourfold([[0.8, 0.8]]));
const bar = (y: number): Outline =>
  polygon([
    [-0.8, y - 0.17],
    [0.8, y - 0.17],
    [0.8, y + 0.17],
    [-0.8, y + 0.17],
  ]);
const ringOf =
  (outline: Outline, halfWidth: number): Outline =>
  (x, y) =>
    Math.abs(outline(x, y)) - halfWidth;

/** The classes, by label: five with straight edges, then five round ones. */
export const SHAPE_CLASSES: readonly { readonly name: string; readonly family: 'straight' | 'round'; readonly outline: Outline }[] = [
  {
    name: 'triangle',
    family: 'straight',
    outline: polygon([
      [0, 1.2],
      [1.04, -0.6],
      [-1.04, -0.6],
    ]),
  },
  { name: 'square', family: 'straight', outline: square },
  {
    name: 'star',
    family: 'straight',
    outline: polygon(starDirections.map(([x, y], i) => (i % 2 === 0 ? [1.15 * x, 1.15 * y] : [0.42 * x, 0.42 * y]))),
  },
  {
    name: 'cross',
    family: 'straight',
    outline: polygon(
      fourfold([
        [-0.24, 1.05],
        [0.24, 1.05],
        [0.24, 0.24],
      ]),
    ),
  },
  { name: 'bars', family: 'straight', outline: union(bar(0.66), bar(0), bar(-0.66)) },
  { name: 'ring', family: 'round', outline: ringOf(disc(0.78), 0.15) },
  { name: 'target', family: 'round', outline: union(ringOf(disc(0.92), 0.13), disc(0.42)) },
  { name: 'crescent', family: 'round', outline: (x, y) => Math.max(disc(1)(x + 0.1, y), -disc(0.85)(x - 0.38, y)) },
  { name: 'ellipse', family: 'round', outline: ellipse(1.15, 0.32) },
  { name: 'trefoil', family: 'round', outline: union(disc(0.4, 0, 0.66), disc(0.4, S60 * 0.66, -0.33), disc(0.4, -S60 * 0.66, -0.33)) },
];
