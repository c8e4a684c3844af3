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

const ROOT = (square: number) => Math.sqrt(square);
// cos and sin of multiples of 36 degrees from square roots, which every engine rounds alike
const C36 = (1 + ROOT(5)) / 4;
const C72 = (ROOT(5) - 1) / 4;
const S36 = ROOT(1 - C36 * C36);
const S72 = ROOT(1 - C72 * C72);
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

const scaled = (points: readonly Point[], factor: (i: number) => number): Point[] =>
  points.map(([x, y], i) => [x * factor(i), y * factor(i)]);

const crossHalf: Point[] = [
  [-0.32, 1],
  [0.32, 1],
  [0.32, 0.32],
  [1, 0.32],
  [1, -0.32],
  [0.32, -0.32],
];

/** The classes, by label: five with straight edges, then five round ones. */
export const SHAPE_CLASSES: readonly { readonly name: string; readonly family: 'straight' | 'round'; readonly outline: Outline }[] = [
  {
    name: 'triangle',
    family: 'straight',
    outline: polygon([
      [0, 1.05],
      [-0.95, -0.65],
      [0.95, -0.65],
    ]),
  },
  {
    name: 'square',
    family: 'straight',
    outline: polygon([
      [-0.78, -0.78],
      [0.78, -0.78],
      [0.78, 0.78],
      [-0.78, 0.78],
    ]),
  },
  { name: 'star', family: 'straight', outline: polygon(scaled(starDirections, (i) => (i % 2 === 0 ? 1.12 : 0.45))) },
  { name: 'cross', family: 'straight', outline: polygon([...crossHalf, ...crossHalf.map(([x, y]): Point => [-x, -y])]) },
  {
    name: 'arrow',
    family: 'straight',
    outline: polygon([
      [0, 1.1],
      [0.95, 0.1],
      [0.34, 0.1],
      [0.34, -1],
      [-0.34, -1],
      [-0.34, 0.1],
      [-0.95, 0.1],
    ]),
  },
  { name: 'disc', family: 'round', outline: disc(0.88) },
  { name: 'ring', family: 'round', outline: (x, y) => Math.abs(disc(0.74)(x, y)) - 0.24 },
  { name: 'crescent', family: 'round', outline: (x, y) => Math.max(disc(1)(x + 0.1, y), -disc(0.8)(x - 0.42, y)) },
  { name: 'ellipse', family: 'round', outline: ellipse(1.12, 0.52) },
  {
    name: 'heart',
    family: 'round',
    outline: union(
      disc(0.52, -0.45, 0.35),
      disc(0.52, 0.45, 0.35),
      polygon([
        [0, -1],
        [0.9, 0.1],
        [0.45, 0.55],
        [0, 0.4],
        [-0.45, 0.55],
        [-0.9, 0.1],
      ]),
    ),
  },
];
