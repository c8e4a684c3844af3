import { rotation } from './rotation.ts';
import type { Draw } from './texture.ts';

const MOST = 1;

/** Something that lies about near the border of the frame: a stroke, or a blob when it is short. */
export interface Stroke {
  readonly x: number;
  readonly y: number;
  /** Half the stroke, as a vector. */
  readonly dx: number;
  readonly dy: number;
  /** 1 / |(dx, dy)|², or 0 for a blob. */
  readonly scale: number;
  readonly radius: number;
  /** What it adds to the brightness. */
  readonly shade: number;
}

/**
 * Draws the clutter of an image: none or a few strokes.
 *
 * @param draw the image's stream; always called as often
 * @returns the strokes
 */
export function drawClutter(draw: Draw): readonly Stroke[] {
  const count = Math.floor(draw() * (MOST + 1));
  return Array.from({ length: MOST }, (): Stroke => {
    const [x, y] = rotation(draw());
    const [cos, sin] = rotation(draw());
    const length = 0.25 * draw();
    const radius = 0.05 + 0.06 * draw();
    const shade = draw() < 0.5 ? -0.2 : 0.2;
    const scale = length === 0 ? 0 : 1 / (length * length);
    return { x: 0.9 * x, y: 0.9 * y, dx: cos * length, dy: sin * length, scale, radius, shade };
  }).slice(0, count);
}

/**
 * What clutter adds to the brightness at a point of the frame, whose coordinates run from −1 to 1.
 *
 * @param strokes what {@link drawClutter} gave
 * @param point `x`, to the right, and `y`, upwards
 * @param pixel the width of a pixel, for antialiasing
 * @returns −0.2 … 0.2 for each stroke that is there
 */
export function clutterAt(strokes: readonly Stroke[], point: { x: number; y: number }, pixel: number): number {
  let sum = 0;
  for (const stroke of strokes) {
    const px = point.x - stroke.x;
    const py = point.y - stroke.y;
    const along = Math.max(-1, Math.min(1, (px * stroke.dx + py * stroke.dy) * stroke.scale));
    const rx = px - along * stroke.dx;
    const ry = py - along * stroke.dy;
    const cover = 0.5 - (Math.sqrt(rx * rx + ry * ry) - stroke.radius) / pixel;
    if (cover > 0) sum += Math.min(1, cover) * stroke.shade;
  }
  return sum;
}
